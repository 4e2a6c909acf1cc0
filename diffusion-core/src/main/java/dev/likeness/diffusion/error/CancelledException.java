package dev.likeness.diffusion.error;

import java.util.concurrent.CancellationException;

/**
 * Long work stopped because its caller asked for it; nothing half-made is left. Exit status 130 of
 * the command.
 */
public final class CancelledException extends CancellationException {
  private static final long serialVersionUID = 1L;

  public CancelledException(String message) {
    super(message);
  }
}
