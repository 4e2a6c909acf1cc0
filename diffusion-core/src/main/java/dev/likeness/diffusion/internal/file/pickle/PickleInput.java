package dev.likeness.diffusion.internal.file.pickle;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;

/**
 * Reads a range of a file forwards through a small buffer. Never reads or allocates beyond the
 * range.
 */
final class PickleInput {
  private static final int BUFFER = 1 << 16;
  private static final int MAX_BYTES = 1 << 24;

  private final FileChannel channel;
  private final String source;
  private final ByteBuffer buffer =
      ByteBuffer.allocate(BUFFER).order(ByteOrder.LITTLE_ENDIAN).limit(0);
  private final long end;
  private long filled;

  PickleInput(FileChannel channel, String source, long start, long end) {
    this.channel = channel;
    this.source = source;
    this.filled = start;
    this.end = end;
  }

  /** Returns the file offset of the next byte. */
  long position() {
    return filled - buffer.remaining();
  }

  long remaining() {
    return end - position();
  }

  int u8() {
    return require(1).get() & 0xff;
  }

  int u16() {
    return require(2).getShort() & 0xffff;
  }

  int i32() {
    return require(4).getInt();
  }

  long u32() {
    return require(4).getInt() & 0xffffffffL;
  }

  long i64() {
    return require(8).getLong();
  }

  double bigEndianDouble() {
    return Double.longBitsToDouble(Long.reverseBytes(i64()));
  }

  /** Reads a little-endian two's complement integer of {@code bytes} bytes. */
  BigInteger integer(int bytes) {
    byte[] little = bytes(bytes);
    byte[] big = new byte[bytes + 1];
    for (int i = 0; i < bytes; i++) {
      big[bytes - i] = little[i];
    }
    big[0] = (byte) (bytes > 0 && little[bytes - 1] < 0 ? -1 : 0);
    return new BigInteger(big);
  }

  byte[] bytes(long count) {
    if (count < 0 || count > remaining()) {
      throw broken("needs more bytes (" + count + ") than are left (" + remaining() + ")");
    }
    if (count > MAX_BYTES) {
      throw broken("has a text of " + count + " bytes, more than " + MAX_BYTES);
    }
    byte[] out = new byte[(int) count];
    for (int at = 0; at < out.length; ) {
      ByteBuffer some = require(1);
      int step = Math.min(some.remaining(), out.length - at);
      some.get(out, at, step);
      at += step;
    }
    return out;
  }

  String utf8(long count) {
    return new String(bytes(count), StandardCharsets.UTF_8);
  }

  /** Reads the text up to a line feed, at most {@code longest} bytes. */
  String line(int longest) {
    StringBuilder line = new StringBuilder();
    for (int c = u8(); c != '\n'; c = u8()) {
      if (line.length() == longest) {
        throw broken("has a name of more than " + longest + " characters");
      }
      line.append((char) c);
    }
    return line.toString();
  }

  /** Skips {@code count} bytes. */
  void skip(long count) {
    if (count < 0 || count > remaining()) {
      throw broken("needs more bytes (" + count + ") than are left (" + remaining() + ")");
    }
    filled = position() + count;
    buffer.limit(0);
  }

  /** Returns an error at the position of the next byte. */
  InvalidInputException broken(String what) {
    return new InvalidInputException(source + " at byte " + position() + ": " + what
        + "; the file is damaged or is not a checkpoint: download it again, or give another file");
  }

  private ByteBuffer require(int count) {
    if (buffer.remaining() < count) {
      refill(count);
    }
    return buffer;
  }

  private void refill(int count) {
    if (remaining() < count) {
      throw broken("ends in the middle of an instruction");
    }
    try {
      buffer.compact();
      buffer.limit((int) Math.min(buffer.capacity(), buffer.position() + end - filled));
      while (buffer.position() < count) {
        int read = channel.read(buffer, filled);
        if (read < 0) {
          throw new IOException("the file became shorter while it was read");
        }
        filled += read;
      }
      buffer.flip();
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + source + ": " + e.getMessage(), e);
    }
  }
}
