package dev.likeness.diffusion.error;

/**
 * The request is sound but this machine cannot serve it: no memory, no disk space, no such device,
 * natives missing. The message names what is missing and how to get it. The command answers it with
 * exit status 4.
 */
public class MachineLimit extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public MachineLimit(String message) {
    super(message);
  }

  public MachineLimit(String message, Throwable cause) {
    super(message, cause);
  }
}
