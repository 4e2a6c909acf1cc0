package dev.likeness.diffusion.internal.file.pickle;

/**
 * The sizes and the place of a zip entry, in 64 bits where the 32-bit fields say so.
 *
 * @param length bytes unpacked
 * @param packed bytes in the file
 * @param offset where the entry's header begins
 */
record Zip64(long length, long packed, long offset) {
  private static final long ELSEWHERE = 0xffffffffL;
  private static final int EXTENDED = 1;

  /** Takes from the extra field {@code in} what the given values leave to it. */
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
