package dev.likeness.planted.lora;

import dev.likeness.planted.diffusion.internal.family.flux.PlantedFlux;

/** A sister module that knows a family. */
public final class PlantedLora {
  PlantedFlux flux;
}
