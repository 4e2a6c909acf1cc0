package dev.likeness.diffusion.internal.io;

/** The disk that a test put in place, for this thread and those it starts; null outside tests. */
final class DiskHolder {
  static final InheritableThreadLocal<Disk> INSTALLED = new InheritableThreadLocal<>();

  private DiskHolder() {}
}
