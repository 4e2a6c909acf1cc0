package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/**
 * Where the directory of a zip file lies.
 *
 * @param start its first byte
 * @param end one past its last byte
 * @param entries how many it lists
 */
record ZipDirectory(long start, long end, long entries) {
  private static final int END = 0x06054b50;
  private static final int END_64 = 0x06064b50;
  private static final int LOCATOR_64 = 0x07064b50;
  private static final int END_LENGTH = 22;
  private static final int LOCATOR_LENGTH = 20;
  private static final int LONGEST_COMMENT = 0xffff;

  /** Finds the directory from the end of the file, which only a comment may follow. */
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
        source + " has no zip directory at its end; it was cut short: download it again");
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
