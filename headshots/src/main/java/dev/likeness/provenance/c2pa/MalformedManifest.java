package dev.likeness.provenance.c2pa;

import java.io.IOException;

/** A manifest that cannot be read at all; its message says why. */
final class MalformedManifest extends IOException {
  MalformedManifest(String message) {
    super(message);
  }

  MalformedManifest(String message, Throwable cause) {
    super(message, cause);
  }
}
