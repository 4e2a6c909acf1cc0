package dev.likeness.planted.diffusion.internal.family.sd3;

import dev.likeness.planted.diffusion.internal.family.flux.PlantedFlux;

/** A family that knows another. */
public final class KnowsFlux {
  PlantedFlux flux;
}
