package dev.likeness.planted.examples;

import dev.likeness.planted.diffusion.internal.pipeline.PlantedStage;

/** An example that uses the engine. */
public final class UsesInternal {
  PlantedStage stage;
}
