package dev.likeness.planted.cli;

import dev.likeness.planted.diffusion.internal.pipeline.PlantedStage;

/** A command that uses the engine. */
public final class UsesInternal {
  PlantedStage stage;
}
