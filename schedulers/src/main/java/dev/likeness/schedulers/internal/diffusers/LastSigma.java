package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.Options;

/** Where a ladder ends, by the option {@code final_sigmas_type}. */
final class LastSigma {
  private LastSigma() {}

  /** Whether the ladder ends without noise; classes that lack the option do. */
  static boolean isClean(Options options) {
    return !options.has("final_sigmas_type")
        || "zero".equals(options.oneOf("final_sigmas_type", "zero", "sigma_min"));
  }
}
