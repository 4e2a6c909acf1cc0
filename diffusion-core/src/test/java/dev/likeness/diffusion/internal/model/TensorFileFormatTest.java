package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How the form of a file is told. */
class TensorFileFormatTest {
  /** A header so long that its length begins as pickles do: 80 02 01 00. */
  private static final int AS_A_PICKLE = 0x010280;

  @TempDir
  private Path folder;

  @Test
  void readsASafetensorsFileWhoseHeaderLengthLooksLikeAPickle() throws IOException {
    String header = "{\"a\":{\"dtype\":\"U8\",\"shape\":[0],\"data_offsets\":[0,0]}}";
    byte[] padded =
        header.concat(" ".repeat(AS_A_PICKLE - header.length())).getBytes(StandardCharsets.UTF_8);
    Path file = folder.resolve("long.safetensors");
    Files.write(
        file,
        ByteBuffer.allocate(Long.BYTES + padded.length)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(AS_A_PICKLE)
            .put(padded)
            .array());
    assertEquals(TensorFileFormat.SAFETENSORS, TensorFileFormat.of(file));
    assertEquals(Set.of("a"), TensorFileFormat.list(file).names());
  }

  @Test
  void takesTorchsOldFormForAPickle() throws IOException {
    Path file = folder.resolve("old.pt");
    Files.write(file, new byte[] {
      (byte) 0x80, 2, (byte) 0x8a, 10, 0x6c, (byte) 0xfc, (byte) 0x9c, 0x46, (byte) 0xf9
    });
    assertEquals(TensorFileFormat.PICKLE, TensorFileFormat.of(file));
  }
}
