package dev.likeness.planted.vault;

import java.io.IOException;
import java.io.UncheckedIOException;

/** Fails with an exception that callers cannot tell from others. */
public final class Fails {
  void read() {
    throw new UncheckedIOException(new IOException("no such file"));
  }
}
