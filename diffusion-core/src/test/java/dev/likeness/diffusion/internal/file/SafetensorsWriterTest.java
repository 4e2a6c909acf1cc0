package dev.likeness.diffusion.internal.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.FullDisk;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@ExtendWith(NoTensorLeaks.class)
class SafetensorsWriterTest {
  @TempDir
  private Path folder;

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      mode = EnumSource.Mode.EXCLUDE,
      names = {"F4", "F6_E2M3", "F6_E3M2"})
  void givesBackEveryBitOfEveryType(DType type) throws IOException {
    byte[] bits = new byte[type.bits() / 8 * 6];
    new Random(7).nextBytes(bits);
    if (type == DType.BOOL) {
      bits = new byte[] {0, 1, 1, 0, 1, 0};
    }
    Path file = folder.resolve("all.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Tensor tensor = Tensor.create(bits, false).view(Tensors.scalarType(type)).view(2, 3);
      SafetensorsWriter.write(file, Map.of("x", tensor), Map.of());
    }
    byte[] written = Files.readAllBytes(file);
    byte[] data = Arrays.copyOfRange(written, written.length - bits.length, written.length);
    assertArrayEquals(bits, data);
    try (Safetensors read = Safetensors.open(file);
        TensorScope scope = TensorScope.open()) {
      assertEquals(type, read.dtype("x"));
      assertArrayEquals(new long[] {2, 3}, read.read("x").shape());
      Tensor again = read.read("x").view(6).view(ScalarType.Byte);
      assertTrue(torch.equal(again, Tensor.create(bits, false)));
    }
  }

  @Test
  void writesStridedScalarAndEmptyTensorsInRowOrder() {
    Path file = folder.resolve("odd.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Tensor transposed = Tensor.create(new float[] {1, 2, 3, 4, 5, 6}, 2, 3).t();
      Tensor scalar = Tensor.create(7L).view(new long[0]);
      SafetensorsWriter.write(
          file, Map.of("t", transposed, "s", scalar, "e", torch.empty(0, 4)), Map.of());
      try (Safetensors read = Safetensors.open(file)) {
        assertTrue(torch.equal(transposed, read.read("t")));
        assertArrayEquals(new long[0], read.shape("s"));
        assertEquals(7, read.read("s").item_long());
        assertArrayEquals(new long[] {0, 4}, read.read("e").shape());
      }
    }
  }

  @Test
  void laysWideElementsFirstAndPadsTheHeader() throws IOException {
    Path file = folder.resolve("order.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors =
          Map.of("a", Tensor.create((byte) 1), "c", Tensor.create(1L), "b", Tensor.create(2L));
      SafetensorsWriter.write(file, tensors, Map.of("format", "pt", "author", "\"ä\n"));
    }
    byte[] bytes = Files.readAllBytes(file);
    assertEquals('{', bytes[8]);
    assertEquals(0, ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong() % 8);
    SafetensorsHeader header = SafetensorsHeader.read(file);
    assertEquals(List.of("b", "c", "a"), List.copyOf(header.tensors().keySet()));
    assertEquals(Map.of("format", "pt", "author", "\"ä\n"), header.metadata());
  }

  @Test
  void writesTheSameBytesEachTime() throws IOException {
    Path file = folder.resolve("twice.safetensors");
    byte[][] written = new byte[2][];
    for (int i = 0; i < 2; i++) {
      try (TensorScope scope = TensorScope.open()) {
        SafetensorsWriter.write(
            file, Map.of("b", torch.ones(3), "a", torch.zeros(2)), Map.of("y", "1", "x", "2"));
      }
      written[i] = Files.readAllBytes(file);
    }
    assertArrayEquals(written[0], written[1]);
  }

  @Test
  void replacesAFileThatIsBeingReadWithoutDisturbingItsReaders() {
    Path file = folder.resolve("model.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, Map.of("x", torch.ones(1000)), Map.of());
      try (Safetensors open = Safetensors.open(file)) {
        Tensor mapped = open.read("x");
        SafetensorsWriter.write(file, Map.of("x", mapped.mul(mapped).add(mapped)), Map.of());
        assertEquals(1000, mapped.sum().item_int());
      }
      try (Safetensors open = Safetensors.open(file)) {
        assertEquals(2000, open.read("x").sum().item_int());
      }
    }
  }

  @Test
  void leavesTheOldFileWhenTheDiskFillsUp() throws IOException {
    Path file = folder.resolve("model.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, Map.of("x", torch.ones(4)), Map.of());
      byte[] old = Files.readAllBytes(file);
      try (FullDisk disk = FullDisk.after(3_000_000)) {
        ResourceLimitException refused = assertThrows(
            ResourceLimitException.class,
            () -> SafetensorsWriter.write(file, Map.of("x", torch.ones(1_000_000)), Map.of()));
        assertEquals(
            "cannot write " + file
                + ": No space left on device; make room on the disk, or choose another place",
            refused.getMessage());
      }
      assertArrayEquals(old, Files.readAllBytes(file));
    }
    try (Stream<Path> left = Files.list(folder)) {
      assertEquals(List.of(file), left.toList());
    }
  }

  @Test
  void refusesWhatTheFormatCannotHold() {
    Path file = folder.resolve("none.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Tensor one = torch.ones(1);
      assertEquals(
          "\"__metadata__\" is reserved by the format; give the tensor another name",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> SafetensorsWriter.write(file, Map.of("__metadata__", one), Map.of()))
              .getMessage());
      Tensor wide = one.to(ScalarType.ComplexDouble);
      assertEquals(
          "safetensors has no dtype for ComplexDouble; known: " + DType.names(),
          assertThrows(
                  IllegalArgumentException.class,
                  () -> SafetensorsWriter.write(file, Map.of("x", wide), Map.of()))
              .getMessage());
    }
    assertTrue(Files.notExists(file));
  }
}
