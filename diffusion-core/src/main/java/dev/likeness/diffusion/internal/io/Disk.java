package dev.likeness.diffusion.internal.io;

import java.io.OutputStream;
import java.nio.file.Path;

/**
 * Where bytes leave for the disk: a seam that tests replace to fail at a chosen byte, as a full
 * disk does.
 */
@FunctionalInterface
public interface Disk {
  /** The real disk: nothing in between. */
  Disk REAL = (file, out) -> out;

  /** Returns the stream that the bytes of {@code file} go through. */
  OutputStream guard(Path file, OutputStream out);

  /** The disk that {@link AtomicFile} writes to from this thread. */
  static Disk current() {
    Disk installed = DiskHolder.INSTALLED.get();
    return installed == null ? REAL : installed;
  }

  /** The disk that a test put in place, for this thread and those it starts; null outside tests. */
  static final class DiskHolder {
    static final InheritableThreadLocal<Disk> INSTALLED = new InheritableThreadLocal<>();

    private DiskHolder() {}
  }
}
