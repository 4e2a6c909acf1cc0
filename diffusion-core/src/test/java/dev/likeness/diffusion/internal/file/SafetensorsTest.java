package dev.likeness.diffusion.internal.file;

import static dev.likeness.diffusion.internal.file.CraftedSafetensors.entry;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.InferenceMode;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class SafetensorsTest {
  private static final String INTS =
      "{" + entry("a", "I32", "[1,2]", "[0,8]") + "," + entry("b", "U8", "[]", "[8,9]") + "}";

  @TempDir
  private Path folder;

  @Test
  void readsTensorsAsStored() {
    try (Safetensors file = Safetensors.open(CraftedSafetensors.file(folder, INTS, 9));
        TensorScope scope = TensorScope.open()) {
      Tensor a = file.read("a");
      assertArrayEquals(new long[] {1, 2}, a.shape());
      assertArrayEquals(new long[] {1, 2}, file.shape("a"));
      assertEquals(DType.I32, file.dtype("a"));
      assertEquals(0x03020100, a.flatten().get(0).item_int());
      assertEquals(0x07060504, a.flatten().get(1).item_int());
      assertEquals(8, file.read("b").item_int());
      assertEquals(0, file.read("b").dim());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void readsTensorsWhereverTheHeaderEnds(int spaces) {
    try (Safetensors file =
            Safetensors.open(CraftedSafetensors.file(folder, INTS + " ".repeat(spaces), 9));
        TensorScope scope = TensorScope.open()) {
      assertEquals(0x07060504, file.read("a").flatten().get(1).item_int());
    }
  }

  @Test
  void mapsInsteadOfCopying() {
    String header = INTS + " ".repeat(Math.floorMod(-INTS.length(), 8));
    try (Safetensors file = Safetensors.open(CraftedSafetensors.file(folder, header, 9));
        TensorScope scope = TensorScope.open()) {
      assertEquals(
          file.read("a").data_ptr().address(), file.read("a").data_ptr().address());
    }
  }

  @Test
  void keepsWritesFromTheFile() throws IOException {
    Path path = CraftedSafetensors.file(folder, INTS, 9);
    byte[] before = Files.readAllBytes(path);
    try (Safetensors file = Safetensors.open(path);
        TensorScope scope = TensorScope.open()) {
      file.read("a").fill_(new Scalar(-1));
    }
    assertArrayEquals(before, Files.readAllBytes(path));
  }

  @Test
  void leavesTensorsThatWereReadValidAfterClosing() {
    try (TensorScope scope = TensorScope.open()) {
      Safetensors file = Safetensors.open(CraftedSafetensors.file(folder, INTS, 9));
      Tensor b = file.read("b");
      file.close();
      file.close();
      assertEquals(8, b.item_int());
      IllegalStateException refused =
          assertThrows(IllegalStateException.class, () -> file.read("a"));
      assertEquals(
          file.describe() + " is closed; tensors can no longer be read from it",
          refused.getMessage());
    }
  }

  @Test
  void givesTensorsThatCanBeTrainedOnEvenWithinInferenceMode() {
    try (TensorScope scope = TensorScope.open();
        InferenceMode inference = new InferenceMode(true)) {
      try (Safetensors file = Safetensors.open(CraftedSafetensors.file(folder, INTS + " ", 9))) {
        assertFalse(file.read("a").is_inference());
        assertFalse(file.read("b").is_inference());
      }
      assertTrue(InferenceMode.is_enabled());
    }
  }

  @Test
  void readsPastTwoGibibytes() throws IOException {
    long floats = 3L << 28;
    String header = "{" + entry("big", "F32", "[" + floats + "]", "[0," + 4 * floats + "]") + ","
        + entry("last", "F32", "[1]", "[" + 4 * floats + "," + (4 * floats + 4) + "]") + "}";
    Path path = folder.resolve("sparse.safetensors");
    try (FileChannel out =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      ByteBuffer start = ByteBuffer.allocate(8 + header.length()).order(ByteOrder.LITTLE_ENDIAN);
      out.write(start
          .putLong(header.length())
          .put(header.getBytes(StandardCharsets.UTF_8))
          .flip());
      ByteBuffer end =
          ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(2.5f).flip();
      out.write(end, 8 + header.length() + 4 * floats);
    }
    try (Safetensors file = Safetensors.open(path);
        TensorScope scope = TensorScope.open()) {
      assertEquals(2.5f, file.read("last").item_float());
      assertEquals(floats, file.header().tensors().get("big").elements());
    }
  }

  @Test
  void givesEveryThreadTheSameNumbers() {
    try (Safetensors file = Safetensors.open(CraftedSafetensors.file(folder, INTS, 9))) {
      assertEquals(
          200L * 0x03020100,
          IntStream.range(0, 200)
              .parallel()
              .mapToLong(i -> {
                try (TensorScope scope = TensorScope.open()) {
                  return file.read("a").flatten().get(0).item_int();
                }
              })
              .sum());
    }
  }

  @Test
  void refusesToLoadTypesThatLibtorchLacks() {
    Path path = CraftedSafetensors.file(folder, "{" + entry("a", "F4", "[4]", "[0,2]") + "}", 2);
    try (Safetensors file = Safetensors.open(path)) {
      InvalidInputException refused =
          assertThrows(InvalidInputException.class, () -> file.read("a"));
      assertEquals(
          "libtorch does not support tensors of dtype F4; convert these tensors to BF16 or F16 first",
          refused.getMessage());
    }
  }

  @Test
  void namesTheFileWhenItHasNoSuchTensor() {
    try (Safetensors file = Safetensors.open(CraftedSafetensors.file(folder, INTS, 9))) {
      IllegalArgumentException refused =
          assertThrows(IllegalArgumentException.class, () -> file.read("c"));
      assertEquals("no tensor \"c\" in " + file.describe(), refused.getMessage());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"taesd", "taesd_3", "taesd_f", "taesd_xl"})
  void readsPublishedFilesWithEightBitFloats(String name) {
    Path path = Material.of("autoencoders/" + name + ".f8.safetensors");
    try (Safetensors file = Safetensors.open(path);
        TensorScope scope = TensorScope.open()) {
      assertEquals(134, file.names().size());
      assertEquals(DType.F8_E4M3, file.dtype("decoder.layers.0.weight"));
      Tensor weight = file.read("decoder.layers.0.weight").to(ScalarType.Float);
      assertEquals(64, weight.size(0));
      assertTrue(torch.isfinite(weight).all().item_bool());
      assertTrue(weight.abs().mean().item_float() > 0.01f);
    }
  }
}
