package dev.likeness.diffusion.internal.access;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.internal.pipeline.Engine;

/**
 * The library's own modules reach the engine of a {@link BaseModel} here. The model keeps ownership
 * of all objects.
 */
public final class EngineAccess {
  private EngineAccess() {}

  /** The stages of a generation, and the use of the model. */
  public static Engine engine(BaseModel base) {
    return Engine.behind(base);
  }

  /** The opened model: its networks, and how its family generates. */
  public static OpenModel model(BaseModel base) {
    return engine(base).model();
  }

  /** The declarations of the model's folder. */
  public static ModelExtras extras(BaseModel base) {
    return engine(base).extras();
  }
}
