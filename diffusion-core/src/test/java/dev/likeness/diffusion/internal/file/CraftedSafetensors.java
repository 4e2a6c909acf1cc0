package dev.likeness.diffusion.internal.file;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Safetensors files written by hand, right and wrong. */
public final class CraftedSafetensors {
  private CraftedSafetensors() {}

  /** A file with this header and so many bytes of data, each its own offset's low byte. */
  public static Path file(Path folder, String header, int dataBytes) {
    byte[] text = header.getBytes(StandardCharsets.UTF_8);
    return file(folder, text.length, text, dataBytes);
  }

  /** A file that announces {@code headerLength} and goes on with {@code header} and the data. */
  public static Path file(Path folder, long headerLength, byte[] header, int dataBytes) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(ByteBuffer.allocate(8)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(headerLength)
        .array());
    out.writeBytes(header);
    for (int i = 0; i < dataBytes; i++) {
      out.write(i);
    }
    return write(folder.resolve("crafted.safetensors"), out.toByteArray());
  }

  public static Path write(Path file, byte[] bytes) {
    try {
      return Files.write(file, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One header entry. */
  public static String entry(String name, String dtype, String shape, String offsets) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":"
        + offsets + "}";
  }
}
