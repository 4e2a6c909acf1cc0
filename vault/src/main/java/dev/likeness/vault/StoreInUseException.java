package dev.likeness.vault;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.nio.file.Path;

/**
 * Thrown if a store is already open, in this or another process. Close the store there, then try
 * again.
 */
public final class StoreInUseException extends ResourceLimitException {
  private static final long serialVersionUID = 1L;

  StoreInUseException(Path store) {
    super("the store " + store + " is already open, in this or another process; close it there");
  }
}
