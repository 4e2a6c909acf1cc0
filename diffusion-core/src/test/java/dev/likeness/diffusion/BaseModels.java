package dev.likeness.diffusion;

import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.memory.MemoryPlan;
import dev.likeness.diffusion.internal.pipeline.Engine;
import dev.likeness.diffusion.tensor.Compute;

/** Opens base models of parts and plans that a test has made. */
public final class BaseModels {
  private BaseModels() {}

  /** A model of these parts. */
  public static BaseModel open(ModelComponents components, Compute compute) {
    return new BaseModel(Engine.open(components, compute));
  }

  /** A model that lies in memory as {@code plan} says. */
  public static BaseModel open(ModelComponents components, MemoryPlan plan) {
    return new BaseModel(Engine.open(components, plan));
  }
}
