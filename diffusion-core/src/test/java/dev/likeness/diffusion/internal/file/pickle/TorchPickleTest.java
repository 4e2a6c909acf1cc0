package dev.likeness.diffusion.internal.file.pickle;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.checkpoint.CheckpointConverter;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@ExtendWith(NoTensorLeaks.class)
class TorchPickleTest {
  private static final String NOT_LOADED =
      "; the file was not loaded: ask for a safetensors file, or convert it in a sandbox";
  private static final String MAGIC = "\u0080\u0002\u008a\nl\u00fc\u009cF\u00f9 j\u00a8P\u0019.";
  private static final String PROTOCOL_1001 = "\u0080\u0002M\u00e9\u0003.";
  private static final String NO_SYSTEM = "\u0080\u0002}.";

  @TempDir
  private Path folder;

  @Test
  void readsStridedTensorsInRowOrder() {
    byte[] pickle = CraftedPickle.start()
        .raw("}(")
        .text("t")
        .tensor("0", 6, 0, new long[] {2, 3}, new long[] {1, 2})
        .text("tail")
        .tensor("0", 6, 3, new long[] {3}, new long[] {1})
        .text("scalar")
        .tensor("0", 6, 5, new long[0], new long[0])
        .text("none")
        .tensor("0", 6, 0, new long[] {0, 3}, new long[] {3, 1})
        .raw("u")
        .stop();
    Path path = CraftedPickle.zip(folder, pickle, 6);
    try (TorchPickle file = TorchPickle.open(path);
        TensorScope scope = TensorScope.open()) {
      assertEquals(List.of("t", "tail", "scalar", "none"), List.copyOf(file.names()));
      assertEquals(DType.F32, file.dtype("t"));
      assertArrayEquals(new long[] {2, 3}, file.shape("t"));
      assertFloats(file.read("t"), 0, 2, 4, 1, 3, 5);
      assertFloats(file.read("tail"), 3, 4, 5);
      assertFloats(file.read("scalar"), 5);
      assertArrayEquals(new long[] {0, 3}, file.read("none").shape());
    }
  }

  @Test
  void convertsPlainAlphasToTensorsAndOtherValuesToMetadata() {
    byte[] pickle = CraftedPickle.start()
        .raw("}(")
        .text("x.lora_down.weight")
        .tensor("0", 2, 0, new long[] {2}, new long[] {1})
        .text("x.alpha")
        .number(4)
        .text("name")
        .text("sks")
        .text("step")
        .number(500)
        .raw("u")
        .stop();
    Path out = folder.resolve("out.safetensors");
    CheckpointConverter.convert(CraftedPickle.zip(folder, pickle, 2), out);
    try (Safetensors file = Safetensors.open(out);
        TensorScope scope = TensorScope.open()) {
      assertEquals(Map.of("name", "sks", "step", "500"), file.metadata());
      assertFloats(file.read("x.alpha"), 4);
      assertFloats(file.read("x.lora_down.weight"), 0, 1);
    }
  }

  @Test
  void namesTensorsByTheirPathAndKeepsPlainValues() {
    byte[] pickle = CraftedPickle.start()
        .raw("}(")
        .text("list")
        .raw("](")
        .tensor("0", 1, 0, new long[] {1}, new long[] {1})
        .number(7)
        .raw("e")
        .text("name")
        .text("sks")
        .text("on")
        .raw("\u0088")
        .text("half")
        .raw("G\u003f\u00e0\0\0\0\0\0\0")
        .number(3)
        .raw("Nu")
        .stop();
    try (TorchPickle file = TorchPickle.open(CraftedPickle.zip(folder, pickle, 1))) {
      assertEquals(List.of("list.0"), List.copyOf(file.names()));
      assertEquals(Map.of("list.1", 7L, "name", "sks", "on", true, "half", 0.5), file.values());
      assertEquals(
          "no tensor \"x\" in " + file.describe(),
          assertThrows(IllegalArgumentException.class, () -> file.read("x")).getMessage());
    }
  }

  @Test
  void takesTheStateDictionaryAndItsAttributes() {
    byte[] pickle = CraftedPickle.start()
        .raw("}(")
        .text("epoch")
        .number(3)
        .text("state_dict")
        .global("collections", "OrderedDict")
        .raw(")R(")
        .text("w")
        .tensor("0", 2, 0, new long[] {2}, new long[] {1})
        .raw("u}")
        .text("_metadata")
        .raw("}sbu")
        .stop();
    try (TorchPickle file = TorchPickle.open(CraftedPickle.zip(folder, pickle, 2))) {
      assertEquals(List.of("w"), List.copyOf(file.names()));
    }
  }

  @Test
  void leavesAloneWhatLightningKeepsBesideTheWeights() {
    CraftedPickle number = CraftedPickle.start()
        .raw("}(")
        .text("state_dict")
        .raw("}")
        .text("w")
        .tensor("0", 2, 0, new long[] {2}, new long[] {1})
        .raw("s")
        .text("callbacks")
        .raw("}")
        .global("pytorch_lightning.callbacks.model_checkpoint", "ModelCheckpoint")
        .raw("}")
        .text("best")
        .global("numpy.core.multiarray", "scalar")
        .raw("(")
        .global("numpy", "dtype")
        .raw("(")
        .text("f8")
        .number(0)
        .number(1)
        .raw("tR(")
        .number(3)
        .text("<")
        .raw("NNN")
        .number(-1)
        .number(-1)
        .number(0)
        .raw("tb")
        .global("_codecs", "encode")
        .raw("(")
        .text("12345678")
        .text("latin1")
        .raw("tRtRssu");
    try (TorchPickle file = TorchPickle.open(CraftedPickle.zip(folder, number.stop(), 2))) {
      assertEquals(List.of("w"), List.copyOf(file.names()));
    }
  }

  @Test
  void readsParametersOfADictionaryThatIsAModule() {
    CraftedPickle pickle = CraftedPickle.start()
        .raw("}")
        .text("string_to_param")
        .global("torch.nn.modules.container", "ParameterDict")
        .raw(")\u0081}(")
        .text("training")
        .raw("\u0088")
        .text("_parameters")
        .global("collections", "OrderedDict")
        .raw(")R")
        .text("*")
        .tensor("0", 2, 0, new long[] {1, 2}, new long[] {2, 1})
        .raw("s")
        .text("_non_persistent_buffers_set")
        .global("__builtin__", "set")
        .raw("(]tRubs");
    try (TorchPickle file = TorchPickle.open(CraftedPickle.zip(folder, pickle.stop(), 2))) {
      assertEquals(List.of("string_to_param.*"), List.copyOf(file.names()));
      assertEquals(Map.of(), file.values());
    }
  }

  @Test
  void refusesParametersThatMultiply() {
    CraftedPickle bomb = CraftedPickle.start().raw("}q\0").text("_parameters").raw("}q\1(");
    for (int i = 0; i < 1000; i++) {
      bomb.number(i).raw("N");
    }
    bomb.raw("us]");
    for (int i = 0; i < 1000; i++) {
      bomb.raw("}h\0ba");
    }
    Path file = CraftedPickle.zip(folder, bomb.stop(), 0);
    String message =
        assertThrows(InvalidInputException.class, () -> TorchPickle.open(file)).getMessage();
    assertEquals(
        "more than 1000000 objects are put on the stack" + NOT_LOADED,
        message.substring(message.indexOf("more than")));
  }

  @Test
  void readsTheFormBeforeTheZipFile() {
    byte[] object =
        CraftedPickle.start().tensor("k", 3, 1, new long[] {2}, new long[] {1}).stop();
    byte[] keys = CraftedPickle.start().raw("]").text("k").raw("a").stop();
    try (TorchPickle file = TorchPickle.open(old(object, keys, 3));
        TensorScope scope = TensorScope.open()) {
      assertEquals(List.of("tensor"), List.copyOf(file.names()));
      assertFloats(file.read("tensor"), 1, 2);
    }
  }

  @Test
  void refusesAnOldFileThatEndsElsewhere() {
    byte[] object =
        CraftedPickle.start().tensor("k", 3, 0, new long[] {3}, new long[] {1}).stop();
    byte[] keys = CraftedPickle.start().raw("]").text("k").raw("a").stop();
    for (int floats : new int[] {0, 2, 4}) {
      assertThrows(
          InvalidInputException.class,
          () -> TorchPickle.open(old(object, keys, floats)),
          floats + " floats");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "posix, system",
    "builtins, eval",
    "__builtin__, eval",
    "torch._utils, _rebuild_sparse_tensor",
    "torch, load",
    "collections, defaultdict",
    "torch.storage, UntypedStorage",
    "numpy.core.multiarray, fromfile",
    "pytorch_lightning.callbacks.model_checkpoint, os",
    "_codecs, decode",
    "torch.nn.modules.container, Sequential",
    "torch._utils._rebuild_tensor_v2, x"
  })
  void refusesEveryNameThatTensorsDoNotNeed(String module, String name) {
    refused(
        CraftedPickle.start().global(module, name).stop(),
        " at byte 48: the name \"" + module + "." + name + "\" is not needed for tensors"
            + NOT_LOADED);
    refused(
        CraftedPickle.start().text(module).text(name).raw("\u0093").stop(),
        " at byte " + (58 + module.length() + name.length()) + ": the name \"" + module + "." + name
            + "\" is not needed for tensors" + NOT_LOADED);
  }

  @ParameterizedTest
  @CsvSource({
    "i, INST",
    "o, OBJ",
    "P, PERSID",
    "2, DUP",
    "0, POP",
    "S, STRING",
    "V, UNICODE",
    "I, INT",
    "d, DICT",
    "\u0092, NEWOBJ_EX",
    "\u0082, EXT1",
    "\u008f, EMPTY_SET",
    "\u0096, BYTEARRAY8",
    "B, BINBYTES"
  })
  void refusesEveryInstructionThatTensorsDoNotNeed(String code, String name) {
    refused(
        CraftedPickle.start().raw(code).stop(),
        " at byte 48: the instruction " + name + " can make more than tensors and plain data"
            + NOT_LOADED);
  }

  @Test
  void refusesBrokenInstructions() {
    refused(
        CraftedPickle.start().raw("\u00ff").stop(),
        " at byte 48: the instruction 255 is unknown" + NOT_LOADED);
    refused(
        CraftedPickle.start().stop(),
        " at byte 48: an instruction finds nothing on the stack" + NOT_LOADED);
    refused(
        CraftedPickle.start().raw("t").stop(),
        " at byte 48: an instruction finds no mark on the stack" + NOT_LOADED);
    refused(
        CraftedPickle.start().raw("h\5").stop(),
        " at byte 48: the memo has no object 5" + NOT_LOADED);
    refused(
        CraftedPickle.start().raw("NNa").stop(), " at byte 50: APPEND finds no list" + NOT_LOADED);
    refused(
        CraftedPickle.start().raw("NNNs").stop(),
        " at byte 51: SETITEM finds no dictionary" + NOT_LOADED);
    refused(
        CraftedPickle.start().raw("})Ns").stop(),
        " at byte 51: a dictionary has a key that is neither text nor number" + NOT_LOADED);
    refused(
        CraftedPickle.start().raw("N)R").stop(),
        " at byte 50: REDUCE makes something other than PyTorch's tensors and dictionaries"
            + NOT_LOADED);
    refused(
        CraftedPickle.start().raw("N)\u0081").stop(),
        " at byte 50: NEWOBJ makes something other than PyTorch's tensors and dictionaries"
            + NOT_LOADED);
    refused(
        CraftedPickle.start().raw("N}b").stop(),
        " at byte 50: BUILD changes something that is not a dictionary" + NOT_LOADED);
    refused(
        CraftedPickle.start().text("x").raw("Q").stop(),
        " at byte 54: BINPERSID names something other than a whole storage" + NOT_LOADED);
    refused(
        CraftedPickle.start().raw("X\u00ff\u00ff\u00ff\u007f").stop(),
        " at byte 53: needs more bytes (2147483647) than are left (1); the file is damaged or is"
            + " not a"
            + " checkpoint: download it again, or give another file");
    refused(
        CraftedPickle.start().raw("J").stop(),
        " at byte 49: ends in the middle of an instruction; the file is damaged or is not a"
            + " checkpoint: download it again, or give another file");
  }

  @Test
  void refusesTensorsThatLeaveTheirStorage() {
    long[][][] wrong = {
      {{7}, {1}, {0}},
      {{2}, {1}, {5}},
      {{2, 2}, {4, 2}, {0}},
      {{2}, {-1}, {3}},
      {{-1}, {1}, {0}},
      {{1L << 40}, {0}, {0}},
      {{1L << 62, 4}, {1, 1}, {0}},
      {{0, 1L << 62, 4}, {1, 1, 1}, {0}},
      {{2}, {Long.MAX_VALUE}, {0}},
      {{1}, {1}, {-1}},
      {{2}, {1, 1}, {0}}
    };
    for (long[][] view : wrong) {
      byte[] pickle =
          CraftedPickle.start().tensor("0", 6, view[2][0], view[0], view[1]).stop();
      Path file = CraftedPickle.zip(folder, pickle, 6);
      String message = assertThrows(InvalidInputException.class, () -> TorchPickle.open(file))
          .getMessage();
      assertEquals(
          "does not fit its storage of 6 elements" + NOT_LOADED,
          message.substring(message.indexOf("does not")));
    }
  }

  @Test
  void refusesStoragesThatTheFileDoesNotHold() {
    byte[] six =
        CraftedPickle.start().tensor("0", 6, 0, new long[] {6}, new long[] {1}).stop();
    Path file = CraftedPickle.zip(folder, six, 5);
    refused(
        file,
        file
            + ": tensor \"tensor\" needs storage \"0\" of 24 bytes, but the file has 20 bytes for it;"
            + " the file is damaged: download it again");
    byte[] other =
        CraftedPickle.start().tensor("9", 6, 0, new long[] {6}, new long[] {1}).stop();
    CraftedPickle.zip(folder, other, 6);
    refused(
        file,
        file
            + ": tensor \"tensor\" needs storage \"9\" of 24 bytes, but the file does not contain it;"
            + " the file is damaged: download it again");
  }

  @Test
  void refusesListsThatContainThemselves() {
    Path file = CraftedPickle.zip(folder, CraftedPickle.start().raw("]q\0h\0a").stop(), 0);
    String message = file
        + " has too many or too deeply nested lists and dictionaries, so it is damaged or not a"
        + " checkpoint; download it again, or give another file";
    refused(file, message);
    CraftedPickle bomb = CraftedPickle.start().raw("]q\0");
    for (char level = 1; level < 28; level++) {
      bomb.raw("](h" + (char) (level - 1) + "h" + (char) (level - 1) + "eq" + level);
    }
    CraftedPickle.zip(folder, bomb.stop(), 0);
    refused(file, message);
  }

  @Test
  void refusesPrograms() {
    byte[] pickle = CraftedPickle.start().raw("N").stop();
    Path file = CraftedPickle.zip(folder, Map.of("m/data.pkl", pickle, "m/code/x.py", new byte[3]));
    refused(
        file,
        file + " is a TorchScript program, which is never run; ask for its weights as safetensors");
  }

  @Test
  void refusesOtherZipFilesPicklesAndTexts() {
    Path file = CraftedPickle.zip(folder, Map.of("x.npy", new byte[3]));
    refused(
        file,
        file + " is a zip file but not a PyTorch file: expected one data.pkl, found 0;"
            + " give a .safetensors, .ckpt, .pt or .bin file");
    CraftedPickle.write(folder, CraftedPickle.start().raw("]").stop());
    refused(
        file,
        file + " is a pickle but not a PyTorch file; give a .safetensors, .ckpt, .pt or .bin file");
    CraftedPickle.write(folder, "c__builtin__\neval\n".getBytes(StandardCharsets.US_ASCII));
    refused(
        file,
        file
            + " has no known format; give a .safetensors, .ckpt, .pt or .bin file"
            + " of weights");
  }

  @Test
  void refusesAnotherByteOrder() {
    byte[] pickle = CraftedPickle.start().raw("N").stop();
    Path file = CraftedPickle.zip(
        folder, Map.of("m/data.pkl", pickle, "m/byteorder", new byte[] {'b', 'i', 'g'}));
    refused(
        file,
        file
            + " was saved on a machine with another byte order; convert it to safetensors on that"
            + " machine");
  }

  private Path old(byte[] object, byte[] keys, int floats) {
    ByteBuffer storage =
        ByteBuffer.allocate(8 + 4 * floats).order(ByteOrder.LITTLE_ENDIAN).putLong(3);
    for (int i = 0; i < floats; i++) {
      storage.putFloat(i);
    }
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    file.writeBytes((MAGIC + PROTOCOL_1001 + NO_SYSTEM).getBytes(StandardCharsets.ISO_8859_1));
    file.writeBytes(object);
    file.writeBytes(keys);
    file.writeBytes(storage.array());
    return CraftedPickle.write(folder, file.toByteArray());
  }

  private void refused(byte[] pickle, String problem) {
    Path file = CraftedPickle.zip(folder, pickle, 1);
    refused(file, file + problem);
  }

  private static void refused(Path file, String message) {
    assertEquals(
        message,
        assertThrows(InvalidInputException.class, () -> TorchPickle.open(file)).getMessage());
  }

  private static void assertFloats(Tensor tensor, float... expected) {
    float[] actual = new float[expected.length];
    assertEquals(expected.length, tensor.numel());
    for (int i = 0; i < actual.length; i++) {
      actual[i] = tensor.flatten().get(i).item_float();
    }
    assertArrayEquals(expected, actual);
  }
}
