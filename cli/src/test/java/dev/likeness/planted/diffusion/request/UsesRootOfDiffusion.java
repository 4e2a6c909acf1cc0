package dev.likeness.planted.diffusion.request;

import dev.likeness.planted.diffusion.PlantedBase;

/** A request that uses the facade. */
public final class UsesRootOfDiffusion {
  PlantedBase base;
}
