package dev.likeness.diffusion;

import dev.likeness.diffusion.internal.family.ModelParts;
import dev.likeness.diffusion.internal.model.MemoryPlan;
import dev.likeness.diffusion.internal.pipeline.Engine;
import dev.likeness.diffusion.tensor.Compute;

/** Opens base models of parts and plans that a test has made. */
public final class BaseModels {
  private BaseModels() {}

  /** A model of these parts. */
  public static BaseModel open(ModelParts parts, Compute compute) {
    return new BaseModel(Engine.open(parts, compute));
  }

  /** A model that lies in memory as {@code plan} says. */
  public static BaseModel open(ModelParts parts, MemoryPlan plan) {
    return new BaseModel(Engine.open(parts, plan));
  }
}
