package dev.likeness.hub;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The parts of a file of {@code torch.save} that tell names and shapes: the zip directory at its
 * end, and the small entries, among them the pickle. The entries with numbers get the header that
 * the directory describes and holes in place of numbers. A download compares the whole file with
 * its digest, and opening it compares every header with the directory.
 *
 * <p>Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16.
 */
final class TorchZip {
  private static final int TAIL = 1 << 19;
  private static final int END = 0x06054b50;
  private static final int LOCATOR_64 = 0x07064b50;
  private static final int CENTRAL = 0x02014b50;
  private static final int LOCAL = 0x04034b50;
  private static final int END_LENGTH = 22;
  private static final int LOCAL_LENGTH = 30;
  private static final long ELSEWHERE = 0xffffffffL;
  private static final int SIZES_FOLLOW = 1 << 3;
  /** Entries of the file's own, such as its version, are smaller, and most tensors larger. */
  private static final int SMALL = 4096;

  /** Reads a range of the file. */
  @FunctionalInterface
  interface Ranges {
    byte[] read(long from, long length);
  }

  /** An entry of the directory. */
  private record Entry(String name, int flags, long length, long offset) {
    boolean isTelling() {
      return name.endsWith(".pkl") || length <= SMALL && !name.contains("/data/");
    }
  }

  private final Ranges ranges;
  private final FileChannel out;
  private final long size;
  private final long tailStart;
  private final ByteBuffer tail;

  private TorchZip(Ranges ranges, FileChannel out, long size) {
    this.ranges = ranges;
    this.out = out;
    this.size = size;
    this.tailStart = Math.max(0, size - TAIL);
    this.tail = little(ranges.read(tailStart, size - tailStart));
  }

  /**
   * Writes these parts of a file to their places.
   *
   * @throws InvalidInputException if the file has no zip directory
   */
  static void write(Ranges ranges, FileChannel out, long size, String subject) throws IOException {
    try {
      new TorchZip(ranges, out, size).write();
    } catch (BufferUnderflowException | IndexOutOfBoundsException | IllegalArgumentException e) {
      throw new InvalidInputException(
          subject + " has a damaged zip directory; choose another revision or repository", e);
    }
  }

  private void write() throws IOException {
    put(tailStart, tail.array());
    List<Entry> entries = entries();
    entries.sort(Comparator.comparingLong(Entry::offset));
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      long next = i + 1 < entries.size() ? entries.get(i + 1).offset() : tailStart;
      if (!entry.isTelling()) {
        put(entry.offset(), header(entry));
      } else if (next > entry.offset()) {
        put(entry.offset(), ranges.read(entry.offset(), next - entry.offset()));
      }
    }
  }

  private List<Entry> entries() throws IOException {
    int end = end();
    long count = tail.getShort(end + 10) & 0xffff;
    long bytes = tail.getInt(end + 12) & ELSEWHERE;
    long start = tail.getInt(end + 16) & ELSEWHERE;
    if (end >= 20 && tail.getInt(end - 20) == LOCATOR_64) {
      int wide = Math.toIntExact(tail.getLong(end - 12) - tailStart);
      count = tail.getLong(wide + 32);
      bytes = tail.getLong(wide + 40);
      start = tail.getLong(wide + 48);
    }
    if (start < 0 || bytes < 0 || start > size - bytes) {
      throw new IllegalArgumentException("outside of the file");
    }
    byte[] directory = ranges.read(start, bytes);
    put(start, directory);
    ByteBuffer in = little(directory);
    List<Entry> entries = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      entries.add(entry(in));
    }
    return entries;
  }

  private int end() {
    for (int at = tail.limit() - END_LENGTH; at >= 0; at--) {
      if (tail.getInt(at) == END
          && at + END_LENGTH + (tail.getShort(at + 20) & 0xffff) == tail.limit()) {
        return at;
      }
    }
    throw new IllegalArgumentException("no directory");
  }

  private Entry entry(ByteBuffer in) {
    int at = in.position();
    if (in.getInt(at) != CENTRAL) {
      throw new IllegalArgumentException("no entry");
    }
    int flags = in.getShort(at + 8) & 0xffff;
    long packed = in.getInt(at + 20) & ELSEWHERE;
    long length = in.getInt(at + 24) & ELSEWHERE;
    int nameLength = in.getShort(at + 28) & 0xffff;
    int extraLength = in.getShort(at + 30) & 0xffff;
    int commentLength = in.getShort(at + 32) & 0xffff;
    long offset = in.getInt(at + 42) & ELSEWHERE;
    byte[] name = new byte[nameLength];
    in.get(at + 46, name);
    int extra = at + 46 + nameLength;
    int last = extra + extraLength;
    while (extra + 4 <= last) {
      int id = in.getShort(extra) & 0xffff;
      int field = extra + 4;
      if (id == 1) {
        if (length == ELSEWHERE) {
          length = in.getLong(field);
          field += Long.BYTES;
        }
        if (packed == ELSEWHERE) {
          field += Long.BYTES;
        }
        if (offset == ELSEWHERE) {
          offset = in.getLong(field);
        }
      }
      extra += 4 + (in.getShort(extra + 2) & 0xffff);
    }
    in.position(last + commentLength);
    if (length < 0 || offset < 0 || offset > size) {
      throw new IllegalArgumentException("outside of the file");
    }
    return new Entry(new String(name, StandardCharsets.UTF_8), flags, length, offset);
  }

  /** The header that stands before the numbers of an entry, without padding. */
  private static byte[] header(Entry entry) {
    byte[] name = entry.name().getBytes(StandardCharsets.UTF_8);
    boolean later = (entry.flags() & SIZES_FOLLOW) != 0;
    boolean wide = !later && entry.length() >= ELSEWHERE;
    ByteBuffer header = ByteBuffer.allocate(LOCAL_LENGTH + name.length + (wide ? 20 : 0))
        .order(ByteOrder.LITTLE_ENDIAN);
    int shown = later ? 0 : wide ? (int) ELSEWHERE : (int) entry.length();
    header.putInt(LOCAL).putShort((short) 0).putShort((short) entry.flags());
    header.position(18);
    header.putInt(shown).putInt(shown).putShort((short) name.length).putShort((short)
        (wide ? 20 : 0));
    header.put(name);
    if (wide) {
      header.putShort((short) 1).putShort((short) 16).putLong(entry.length());
      header.putLong(entry.length());
    }
    return header.array();
  }

  private void put(long at, byte[] bytes) throws IOException {
    ByteBuffer from = ByteBuffer.wrap(bytes);
    while (from.hasRemaining()) {
      out.write(from, at + from.position());
    }
  }

  private static ByteBuffer little(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
