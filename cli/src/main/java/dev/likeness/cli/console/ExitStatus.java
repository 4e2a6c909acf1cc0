package dev.likeness.cli.console;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;

/** The exit status of the command, and its mapping from exceptions. */
public enum ExitStatus {
  /** The command succeeded. */
  DONE(0),
  /** The command has a defect. */
  DEFECT(1),
  /** The command line is wrong. */
  USAGE(2),
  /** A file, photo or folder cannot be used. */
  INPUT(3),
  /** Memory, disk space, a device or a native library is missing. */
  MACHINE(4),
  /** The command was cancelled by Ctrl-C. As in shells, this is 128 plus the signal number. */
  CANCELLED(130);

  private final int code;

  ExitStatus(int code) {
    this.code = code;
  }

  /** Returns the exit status of the process. */
  public int code() {
    return code;
  }

  /** Returns the exit status for {@code failure}. */
  public static ExitStatus of(Throwable failure) {
    if (failure instanceof CancelledException) {
      return CANCELLED;
    }
    if (failure instanceof InvalidInputException) {
      return INPUT;
    }
    if (failure instanceof ResourceLimitException
        || ResourceLimitException.isOutOfMemory(failure)) {
      return MACHINE;
    }
    return failure instanceof IllegalArgumentException ? USAGE : DEFECT;
  }
}
