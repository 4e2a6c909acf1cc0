package dev.likeness.diffusion.internal.file;

/**
 * While open on a thread, tensors are read there into memory of their own rather than as views of
 * mapped files, so that no page of a file counts with the process.
 */
public final class OwnCopies implements AutoCloseable {
  private static final ThreadLocal<Boolean> ASKED = ThreadLocal.withInitial(() -> false);

  private final boolean before = ASKED.get();

  private OwnCopies() {
    ASKED.set(true);
  }

  public static OwnCopies asked() {
    return new OwnCopies();
  }

  static boolean wanted() {
    return ASKED.get();
  }

  @Override
  public void close() {
    ASKED.set(before);
  }
}
