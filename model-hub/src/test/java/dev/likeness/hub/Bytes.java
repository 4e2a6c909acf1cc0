package dev.likeness.hub;

import java.util.Random;

/** Content of files that has no pattern. */
final class Bytes {
  private Bytes() {}

  static byte[] of(int length, long seed) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }
}
