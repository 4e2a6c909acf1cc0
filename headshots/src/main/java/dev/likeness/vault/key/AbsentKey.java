package dev.likeness.vault.key;

import dev.likeness.diffusion.error.InvalidInputException;

/** Refuses. */
final class AbsentKey implements WrappingKey {
  @Override
  public byte[] wrap(byte[] key, byte[] context) {
    throw refusal();
  }

  @Override
  public byte[] unwrap(byte[] wrapped, byte[] context) {
    throw refusal();
  }

  private static InvalidInputException refusal() {
    return new InvalidInputException(
        "the store was opened without its key, which is needed to read or write what it holds; "
            + "give the key");
  }
}
