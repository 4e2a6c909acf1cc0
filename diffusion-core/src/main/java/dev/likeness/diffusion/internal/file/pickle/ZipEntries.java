package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import java.nio.channels.FileChannel;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where the entries of a zip file lie. Nothing is unpacked: PyTorch stores without compression, so
 * each entry is a stretch of the file. Every entry must be told the same way in front of it and in
 * the directory at the end, and none may overlap another.
 *
 * <p>Source: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12, 4.3.14 to 4.3.16.
 */
final class ZipEntries {
  /**
   * A stretch of the file.
   *
   * @param start its first byte
   * @param length its number of bytes
   */
  record Stretch(long start, long length) {
    long end() {
      return start + length;
    }
  }

  private static final int LOCAL = 0x04034b50;
  private static final int CENTRAL = 0x02014b50;
  private static final int ENCRYPTED = 1;
  private static final int SIZES_FOLLOW = 1 << 3;
  private static final int MOST_ENTRIES = 100_000;

  private final FileChannel channel;
  private final String source;
  private final ZipDirectory directory;
  private final Map<String, Stretch> stretches = new LinkedHashMap<>();

  private ZipEntries(FileChannel channel, String source, long length) {
    this.channel = channel;
    this.source = source;
    this.directory = ZipDirectory.find(channel, source, length);
  }

  /** Finds and checks every entry. */
  static Map<String, Stretch> read(FileChannel channel, String source, long length) {
    ZipEntries entries = new ZipEntries(channel, source, length);
    entries.readDirectory();
    entries.checkOverlap();
    return entries.stretches;
  }

  private void readDirectory() {
    PickleInput in = input(directory.start(), directory.end());
    if (directory.entries() > MOST_ENTRIES) {
      throw in.broken("has " + directory.entries() + " entries, more than " + MOST_ENTRIES);
    }
    for (long i = 0; i < directory.entries(); i++) {
      readEntry(in);
    }
  }

  private void readEntry(PickleInput in) {
    expect(in, in.i32() == CENTRAL, "is not a directory entry of a zip file");
    in.skip(4);
    int flags = in.u16();
    int method = in.u16();
    in.skip(8);
    long packed = in.u32();
    long length = in.u32();
    int nameLength = in.u16();
    int extraLength = in.u16();
    int commentLength = in.u16();
    in.skip(8);
    long offset = in.u32();
    String name = in.utf8(nameLength);
    PickleInput extra = input(in.position(), in.position() + extraLength);
    Zip64 wide = Zip64.read(extra, length, packed, offset);
    in.skip((long) extraLength + commentLength);
    String quoted = "the entry " + Quoted.of(name);
    expect(in, (flags & ENCRYPTED) == 0, quoted + " is encrypted");
    expect(
        in,
        method == 0 && wide.length() == wide.packed(),
        quoted + " is compressed, as PyTorch's never are");
    expect(in, stretches.put(name, locate(name, flags, wide)) == null, quoted + " is there twice");
  }

  // The header in front of the data must tell the same story as the directory, or two readers see
  // two files.
  private Stretch locate(String name, int flags, Zip64 entry) {
    PickleInput in = input(entry.offset(), directory.start());
    String quoted = "the entry " + Quoted.of(name);
    expect(in, in.i32() == LOCAL, quoted + " is not where the directory says");
    in.skip(2);
    int localFlags = in.u16();
    int method = in.u16();
    in.skip(8);
    long packed = in.u32();
    long length = in.u32();
    int nameLength = in.u16();
    int extraLength = in.u16();
    boolean same = in.utf8(nameLength).equals(name) && localFlags == flags && method == 0;
    PickleInput extra = input(in.position(), in.position() + extraLength);
    boolean later = (flags & SIZES_FOLLOW) != 0 && packed == 0 && length == 0;
    boolean told = later || Zip64.read(extra, length, packed, 0).length() == entry.length();
    expect(in, same && told, quoted + " differs from what the directory says of it");
    in.skip(extraLength);
    expect(in, entry.length() <= in.remaining(), quoted + " is longer than the file");
    return new Stretch(in.position(), entry.length());
  }

  private void checkOverlap() {
    List<Stretch> inOrder = stretches.values().stream()
        .filter(stretch -> stretch.length() > 0)
        .sorted(Comparator.comparingLong(Stretch::start))
        .toList();
    for (int i = 1; i < inOrder.size(); i++) {
      Stretch before = inOrder.get(i - 1);
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
}
