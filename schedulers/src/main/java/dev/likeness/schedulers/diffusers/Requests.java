package dev.likeness.schedulers.diffusers;

import dev.likeness.schedulers.PlanRequest;

/** What a class refuses of a request. */
final class Requests {
  private Requests() {
  }

  static void requireSteps(int steps, int least, int most) {
    if (steps < least || steps > most) {
      throw new IllegalArgumentException("this scheduler makes " + least + " to " + most + " steps, got " + steps);
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

  static void requireOwnSigmas(PlanRequest request, String owner) {
    if (request.sigmas().length > 0) {
      throw new IllegalArgumentException(owner + " computes its own sigmas and takes no others");
    }
  }
}
