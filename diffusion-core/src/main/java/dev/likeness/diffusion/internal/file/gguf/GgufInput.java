package dev.likeness.diffusion.internal.file.gguf;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads the little-endian values of a GGUF header in order. Refuses counts that are too large for
 * the rest of the file.
 */
final class GgufInput implements AutoCloseable {
  private static final int MAX_TEXT = 1 << 20;
  /** Longer lists, such as vocabularies, are skipped. */
  private static final int MAX_LIST = 64;

  private static final int MAX_DEPTH = 4;

  private final Path file;
  private final InputStream in;
  private final long length;
  private long position;

  private GgufInput(Path file, InputStream in, long length) {
    this.file = file;
    this.in = in;
    this.length = length;
  }

  static GgufInput open(Path file) {
    try {
      return new GgufInput(
          file,
          new BufferedInputStream(Files.newInputStream(ModelFile.regular(file))),
          Files.size(file));
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  long position() {
    return position;
  }

  long length() {
    return length;
  }

  long u32() {
    return bytes(Integer.BYTES).getInt() & 0xFFFFFFFFL;
  }

  long i64() {
    return bytes(Long.BYTES).getLong();
  }

  /**
   * Reads a count of items that take at least {@code least} bytes each; refuses counts that do not
   * fit the rest of the file.
   */
  long count(int least, String what) {
    long count = i64();
    if (count < 0 || count > (length - position) / least) {
      throw damaged("says it has " + Long.toUnsignedString(count) + " " + what
          + ", more than fit in the file");
    }
    return count;
  }

  String text() {
    long size = count(1, "characters in a text");
    if (size > MAX_TEXT) {
      skip(size);
      return "";
    }
    return StandardCharsets.UTF_8.decode(bytes((int) size)).toString();
  }

  /** Reads a metadata value: a number, flag, text or short list; null for a long list. */
  Object value() {
    return value(u32(), 0);
  }

  private Object value(long type, int depth) {
    return switch ((int) type) {
      case 0, 1, 7 -> (long) bytes(Byte.BYTES).get();
      case 2, 3 -> (long) bytes(Short.BYTES).getShort();
      case 4 -> u32();
      case 5 -> (long) bytes(Integer.BYTES).getInt();
      case 6 -> (double) bytes(Float.BYTES).getFloat();
      case 8 -> text();
      case 9 -> list(depth);
      case 10, 11 -> i64();
      case 12 -> bytes(Double.BYTES).getDouble();
      default -> throw damaged("has a value of the unknown type " + type);
    };
  }

  private Object list(int depth) {
    if (depth == MAX_DEPTH) {
      throw damaged("has lists nested deeper than " + MAX_DEPTH);
    }
    long type = u32();
    long count = count(1, "values in a list");
    List<Object> values = new ArrayList<>();
    for (long i = 0; i < count; i++) {
      Object value = value(type, depth + 1);
      if (i < MAX_LIST) {
        values.add(value);
      }
    }
    return count > MAX_LIST ? null : values;
  }

  private ByteBuffer bytes(int count) {
    try {
      byte[] read = in.readNBytes(count);
      position += read.length;
      if (read.length < count) {
        throw new EOFException();
      }
      return ByteBuffer.wrap(read).order(ByteOrder.LITTLE_ENDIAN);
    } catch (EOFException e) {
      throw damaged("ends within its header");
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }

  private void skip(long count) {
    for (long left = count; left > 0; left -= MAX_TEXT) {
      bytes((int) Math.min(left, MAX_TEXT));
    }
  }

  /** Returns the error that the file is damaged at this position; {@code does} is its predicate. */
  InvalidInputException damaged(String does) {
    return new InvalidInputException(
        file + " " + does + " (byte " + position + "); the file is damaged, download it again");
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + file + ": " + Quoted.reason(e), e);
    }
  }
}
