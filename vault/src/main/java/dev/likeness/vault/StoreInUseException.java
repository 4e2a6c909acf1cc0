package dev.likeness.vault;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.nio.file.Path;

/**
 * Thrown if a store is already open, in this or another process. Try again after that process has
 * closed it.
 */
public final class StoreInUseException extends ResourceLimitException {
  private static final long serialVersionUID = 1L;

  StoreInUseException(Path store) {
    super("the store " + store + " is already open, in this or another process; close it there");
  }
}
