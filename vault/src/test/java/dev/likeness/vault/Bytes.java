package dev.likeness.vault;

/** Looks for bytes in bytes. */
public final class Bytes {
  private Bytes() {}

  public static boolean contain(byte[] bytes, byte[] wanted) {
    for (int at = 0; at <= bytes.length - wanted.length; at++) {
      int same = 0;
      while (same < wanted.length && bytes[at + same] == wanted[same]) {
        same++;
      }
      if (same == wanted.length) {
        return true;
      }
    }
    return false;
  }
}
