package dev.likeness.diffusion.internal.file.pickle;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * PyTorch files written by hand, right and wrong: instructions of the pickle machine, and the zip
 * file around them.
 */
public final class CraftedPickle {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  /** A pickle of protocol 2 that nothing follows yet. */
  public static CraftedPickle start() {
    return new CraftedPickle().raw("\u0080\u0002");
  }

  /** Instructions as they are, one character a byte. */
  public CraftedPickle raw(String latin1) {
    out.writeBytes(latin1.getBytes(StandardCharsets.ISO_8859_1));
    return this;
  }

  public CraftedPickle text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    raw("X");
    out.writeBytes(ByteBuffer.allocate(4)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(utf8.length)
        .array());
    out.writeBytes(utf8);
    return this;
  }

  public CraftedPickle number(long value) {
    raw("\u008a\u0008");
    out.writeBytes(
        ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array());
    return this;
  }

  public CraftedPickle global(String module, String name) {
    return raw("c" + module + "\n" + name + "\n");
  }

  CraftedPickle numbers(long... values) {
    raw("(");
    for (long value : values) {
      number(value);
    }
    return raw("t");
  }

  /** A whole storage of {@code type} under {@code key}. */
  CraftedPickle storage(String type, String key, long elements) {
    return raw("(")
        .text("storage")
        .global("torch", type)
        .text(key)
        .text("cpu")
        .number(elements)
        .raw("tQ");
  }

  /** A float tensor over a storage of its own. */
  public CraftedPickle tensor(
      String key, long elements, long offset, long[] sizes, long[] strides) {
    return global("torch._utils", "_rebuild_tensor_v2")
        .raw("(")
        .storage("FloatStorage", key, elements)
        .number(offset)
        .numbers(sizes)
        .numbers(strides)
        .raw("\u0089")
        .global("collections", "OrderedDict")
        .raw(")RtR");
  }

  public byte[] stop() {
    return raw(".").out.toByteArray();
  }

  /** A zip file in PyTorch's form with this pickle and one storage "0" of the floats 0, 1, 2, … */
  public static Path zip(Path folder, byte[] pickle, int floats) {
    ByteBuffer data = ByteBuffer.allocate(4 * floats).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < floats; i++) {
      data.putFloat(i);
    }
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("archive/data.pkl", pickle);
    entries.put("archive/data/0", data.array());
    return zip(folder, entries);
  }

  /** A zip file with these entries, stored. */
  public static Path zip(Path folder, Map<String, byte[]> entries) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(stored(entry.getKey(), entry.getValue()));
        zip.write(entry.getValue());
        zip.closeEntry();
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return write(folder, bytes.toByteArray());
  }

  private static ZipEntry stored(String name, byte[] content) {
    CRC32 sum = new CRC32();
    sum.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(sum.getValue());
    return entry;
  }

  public static Path write(Path folder, byte[] bytes) {
    try {
      return Files.write(folder.resolve("crafted.pt"), bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
