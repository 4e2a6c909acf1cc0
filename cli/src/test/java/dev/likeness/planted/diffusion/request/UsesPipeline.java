package dev.likeness.planted.diffusion.request;

import dev.likeness.planted.diffusion.internal.pipeline.PlantedStage;

/** A request that uses the engine above it. */
public final class UsesPipeline {
  PlantedStage stage;
}
