package dev.likeness.planted.diffusion.internal.pipeline;

/** A stage of the engine. */
public final class PlantedStage {}
