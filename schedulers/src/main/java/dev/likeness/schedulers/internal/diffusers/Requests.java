package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.PlanRequest;

/** What a class refuses of a request. */
final class Requests {
  private Requests() {}

  static void requireSteps(int steps, int least, int most) {
    if (steps < least || steps > most) {
      throw new IllegalArgumentException(
          "this scheduler makes " + least + " to " + most + " steps, got " + steps);
    }
  }

  static void requireOwnTimesteps(PlanRequest request, String owner) {
    requireNoTimesteps(request, owner);
    requireOwnSigmas(request, owner);
  }

  static void requireNoTimesteps(PlanRequest request, String owner) {
    if (request.timesteps().length > 0) {
      throw new IllegalArgumentException(owner + " spaces its own timesteps and takes no others");
    }
  }

  /** Refuses timesteps of the caller's own that climb or were never trained. */
  static double[] requireFalling(double[] timesteps, int trained) {
    for (int i = 0; i < timesteps.length; i++) {
      double above = i == 0 ? trained : timesteps[i - 1];
      if (!(timesteps[i] < above && timesteps[i] >= 0)) {
        throw new IllegalArgumentException("timesteps must fall within the trained 0.."
            + (trained - 1) + ", got " + timesteps[i] + (i == 0 ? " first" : " after " + above));
      }
    }
    return timesteps;
  }

  static void requireOwnSigmas(PlanRequest request, String owner) {
    if (request.sigmas().length > 0) {
      throw new IllegalArgumentException(owner + " computes its own sigmas and takes no others");
    }
  }
}
