package dev.likeness.hub;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.OptionalLong;

/**
 * Where the header of a GGUF file ends. Its length stands nowhere, so values are skipped until the
 * last tensor. Source: {@code docs/gguf.md} of ggml-org/ggml.
 */
final class GgufExtent {
  private static final int MAX_DEPTH = 4;
  private static final int TEXT = 8;
  private static final int LIST = 9;

  private GgufExtent() {}

  /**
   * Returns the length of the header.
   *
   * @param start the first bytes of the file
   * @return the length; empty if the header goes on after {@code start}. Of a damaged header, the
   *     length of {@code start}: whoever reads it says what is wrong
   */
  static OptionalLong of(byte[] start) {
    ByteBuffer in = ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN);
    try {
      in.position(8);
      long tensors = in.getLong();
      long pairs = in.getLong();
      for (long i = 0; i < pairs; i++) {
        skipText(in);
        skipValue(in, in.getInt(), 0);
      }
      for (long i = 0; i < tensors; i++) {
        skipText(in);
        int dimensions = in.getInt();
        skip(in, Integer.toUnsignedLong(dimensions) * Long.BYTES + Integer.BYTES + Long.BYTES);
      }
      return OptionalLong.of(in.position());
    } catch (BufferUnderflowException e) {
      return OptionalLong.empty();
    } catch (IllegalStateException e) {
      return OptionalLong.of(start.length);
    }
  }

  private static void skipText(ByteBuffer in) {
    skip(in, in.getLong());
  }

  private static void skipValue(ByteBuffer in, int type, int depth) {
    switch (type) {
      case 0, 1, 7 -> skip(in, Byte.BYTES);
      case 2, 3 -> skip(in, Short.BYTES);
      case 4, 5, 6 -> skip(in, Integer.BYTES);
      case TEXT -> skipText(in);
      case LIST -> {
        int inner = in.getInt();
        long count = in.getLong();
        if (depth == MAX_DEPTH) {
          throw new IllegalStateException("lists are nested too deeply");
        }
        for (long i = 0; i < count; i++) {
          skipValue(in, inner, depth + 1);
        }
      }
      case 10, 11, 12 -> skip(in, Long.BYTES);
      default -> throw new IllegalStateException("unknown type of value");
    }
  }

  private static void skip(ByteBuffer in, long bytes) {
    if (bytes < 0) {
      throw new IllegalStateException("a negative length");
    }
    if (bytes > in.remaining()) {
      throw new BufferUnderflowException();
    }
    in.position(in.position() + (int) bytes);
  }
}
