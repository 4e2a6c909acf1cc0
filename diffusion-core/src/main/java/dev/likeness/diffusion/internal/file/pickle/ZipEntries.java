package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds the entries of a zip file. PyTorch stores without compression, so each entry is a range of
 * the file. The header before an entry must agree with the directory at the end, and entries must
 * not overlap.
 *
 * <p>Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16.
 */
final class ZipEntries {
  /**
   * A range of the file.
   *
   * @param start offset of its first byte
   * @param length number of bytes
   */
  record ByteRange(long start, long length) {
    long end() {
      return start + length;
    }
  }

  /** The fields that a directory entry and the header before the data have in common. */
  private record Fields(
      int flags, int method, long packed, long length, int nameLength, int extraLength) {
    static Fields read(PickleInput in) {
      int flags = in.u16();
      int method = in.u16();
      // Time, date and CRC-32.
      in.skip(8);
      return new Fields(flags, method, in.u32(), in.u32(), in.u16(), in.u16());
    }
  }

  private static final int LOCAL = 0x04034b50;
  private static final int CENTRAL = 0x02014b50;
  private static final int ENCRYPTED = 1;
  private static final int SIZES_FOLLOW = 1 << 3;
  private static final int MAX_ENTRIES = 100_000;

  private final FileChannel channel;
  private final String source;
  private final ZipDirectory directory;
  private final Map<String, ByteRange> ranges = new LinkedHashMap<>();

  private ZipEntries(FileChannel channel, String source, long length) {
    this.channel = channel;
    this.source = source;
    this.directory = ZipDirectory.find(channel, source, length);
  }

  /** Finds and checks every entry. */
  static Map<String, ByteRange> read(FileChannel channel, String source, long length) {
    ZipEntries entries = new ZipEntries(channel, source, length);
    entries.readDirectory();
    entries.checkOverlap();
    return entries.ranges;
  }

  private void readDirectory() {
    PickleInput in = input(directory.start(), directory.end());
    if (directory.entries() > MAX_ENTRIES) {
      throw in.broken("has " + directory.entries() + " entries, more than " + MAX_ENTRIES);
    }
    for (long i = 0; i < directory.entries(); i++) {
      readEntry(in);
    }
  }

  private void readEntry(PickleInput in) {
    expect(in, in.i32() == CENTRAL, "is not a directory entry of a zip file");
    in.skip(4);
    Fields fields = Fields.read(in);
    int commentLength = in.u16();
    in.skip(8);
    long offset = in.u32();
    String name = in.utf8(fields.nameLength());
    PickleInput extra = input(in.position(), in.position() + fields.extraLength());
    Zip64 wide = Zip64.read(extra, fields.length(), fields.packed(), offset);
    in.skip((long) fields.extraLength() + commentLength);
    String quoted = "the entry " + Quoted.of(name);
    expect(in, (fields.flags() & ENCRYPTED) == 0, quoted + " is encrypted");
    expect(
        in,
        fields.method() == 0 && wide.length() == wide.packed(),
        quoted + " is compressed, but PyTorch writes entries uncompressed");
    expect(
        in, ranges.put(name, locate(name, fields.flags(), wide)) == null, quoted + " occurs twice");
  }

  // The header before the data must agree with the directory. Otherwise two readers could see
  // different files.
  private ByteRange locate(String name, int flags, Zip64 entry) {
    PickleInput in = input(entry.offset(), directory.start());
    String quoted = "the entry " + Quoted.of(name);
    expect(in, in.i32() == LOCAL, quoted + " is not at the position that the zip directory gives");
    in.skip(2);
    Fields fields = Fields.read(in);
    boolean same = in.utf8(fields.nameLength()).equals(name)
        && fields.flags() == flags
        && fields.method() == 0;
    PickleInput extra = input(in.position(), in.position() + fields.extraLength());
    boolean later = (flags & SIZES_FOLLOW) != 0 && fields.packed() == 0 && fields.length() == 0;
    boolean declared =
        later || Zip64.read(extra, fields.length(), fields.packed(), 0).length() == entry.length();
    expect(in, same && declared, quoted + " differs from its description in the zip directory");
    in.skip(fields.extraLength());
    expect(in, entry.length() <= in.remaining(), quoted + " is longer than the file");
    return new ByteRange(in.position(), entry.length());
  }

  private void checkOverlap() {
    List<ByteRange> inOrder = ranges.values().stream()
        .filter(stretch -> stretch.length() > 0)
        .sorted(Comparator.comparingLong(ByteRange::start))
        .toList();
    for (int i = 1; i < inOrder.size(); i++) {
      ByteRange before = inOrder.get(i - 1);
      expect(
          input(before.end(), directory.start()),
          before.end() <= inOrder.get(i).start(),
          "two entries overlap");
    }
  }

  private PickleInput input(long start, long end) {
    if (start < 0 || start > end) {
      throw new InvalidInputException(source + ": an entry begins at byte " + start
          + ", beyond the data; download the file again");
    }
    return new PickleInput(channel, source, start, end);
  }

  private static void expect(PickleInput in, boolean holds, String otherwise) {
    if (!holds) {
      throw in.broken(otherwise);
    }
  }

  /**
   * Sizes and offset of a zip entry, from 64-bit fields if the 32-bit fields refer to them.
   *
   * @param length bytes unpacked
   * @param packed bytes in the file
   * @param offset offset of the entry's header
   */
  record Zip64(long length, long packed, long offset) {
    private static final long ELSEWHERE = 0xffffffffL;
    private static final int EXTENDED = 1;

    /** Reads from the extra field {@code in} the values that are not in the 32-bit fields. */
    static Zip64 read(PickleInput in, long length, long packed, long offset) {
      boolean wide = length == ELSEWHERE || packed == ELSEWHERE || offset == ELSEWHERE;
      while (wide && in.remaining() >= 4) {
        int id = in.u16();
        int size = in.u16();
        if (id == EXTENDED) {
          long wideLength = length == ELSEWHERE ? in.i64() : length;
          long widePacked = packed == ELSEWHERE ? in.i64() : packed;
          return new Zip64(wideLength, widePacked, offset == ELSEWHERE ? in.i64() : offset)
              .checked(in);
        }
        in.skip(size);
      }
      return new Zip64(length, packed, offset);
    }

    private Zip64 checked(PickleInput in) {
      if (length < 0 || packed < 0 || offset < 0) {
        throw in.broken("an entry is larger than any file");
      }
      return this;
    }
  }

  /**
   * The directory of a zip file.
   *
   * @param start offset of its first byte
   * @param end one past its last byte
   * @param entries number of entries
   */
  record ZipDirectory(long start, long end, long entries) {
    private static final int END = 0x06054b50;
    private static final int END_64 = 0x06064b50;
    private static final int LOCATOR_64 = 0x07064b50;
    private static final int END_LENGTH = 22;
    private static final int LOCATOR_LENGTH = 20;
    private static final int LONGEST_COMMENT = 0xffff;

    /** Finds the directory at the end of the file; only a comment may follow it. */
    static ZipDirectory find(FileChannel channel, String source, long length) {
      long end = findEnd(channel, source, length);
      PickleInput in = new PickleInput(channel, source, end + 4, length);
      in.skip(6);
      long entries = in.u16();
      long bytes = in.u32();
      long start = in.u32();
      ZipDirectory directory = new ZipDirectory(start, start + bytes, entries);
      if (entries == 0xffff
          || bytes == 0xffffffffL
          || start == 0xffffffffL
          || locator(channel, source, end)) {
        directory = wide(channel, source, end);
      }
      if (directory.start < 0 || directory.end < directory.start || directory.end > end) {
        throw in.broken("the zip directory lies outside the file");
      }
      return directory;
    }

    private static long findEnd(FileChannel channel, String source, long length) {
      long from = Math.max(0, length - END_LENGTH - LONGEST_COMMENT);
      PickleInput in = new PickleInput(channel, source, from, length);
      ByteBuffer tail = ByteBuffer.wrap(in.bytes(length - from)).order(ByteOrder.LITTLE_ENDIAN);
      for (int at = tail.limit() - END_LENGTH; at >= 0; at--) {
        boolean closes = tail.getInt(at) == END
            && at + END_LENGTH + (tail.getShort(at + 20) & 0xffff) == tail.limit();
        if (closes) {
          return from + at;
        }
      }
      throw new InvalidInputException(
          source + " has no zip directory at its end; the file was cut short: download it again");
    }

    private static boolean locator(FileChannel channel, String source, long end) {
      return end >= LOCATOR_LENGTH
          && new PickleInput(channel, source, end - LOCATOR_LENGTH, end).i32() == LOCATOR_64;
    }

    private static ZipDirectory wide(FileChannel channel, String source, long end) {
      if (!locator(channel, source, end)) {
        throw new InvalidInputException(
            source + " has no 64-bit zip directory where it should be; download it again");
      }
      PickleInput locator = new PickleInput(channel, source, end - LOCATOR_LENGTH + 8, end);
      long at = locator.i64();
      if (at < 0 || at > end) {
        throw locator.broken("the 64-bit zip directory lies outside the file");
      }
      PickleInput in = new PickleInput(channel, source, at, end);
      if (in.i32() != END_64) {
        throw in.broken("is not a 64-bit zip directory");
      }
      in.skip(28);
      long entries = in.i64();
      long bytes = in.i64();
      long start = in.i64();
      return new ZipDirectory(start, start + bytes, entries);
    }
  }
}
