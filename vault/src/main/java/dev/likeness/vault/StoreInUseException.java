package dev.likeness.vault;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.nio.file.Path;

/**
 * A store was to be opened that is open already, here or in another process; it can be tried again
 * once it is closed there.
 */
public final class StoreInUseException extends ResourceLimitException {
  private static final long serialVersionUID = 1L;

  StoreInUseException(Path store) {
    super("the store " + store + " is open already, here or in another process; close it there");
  }
}
