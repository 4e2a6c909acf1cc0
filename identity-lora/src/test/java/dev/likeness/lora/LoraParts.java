package dev.likeness.lora;

import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import java.util.Map;

/** What tests of other packages make LoRAs of, and find in them. */
public final class LoraParts {
  private LoraParts() {}

  public static Lora lora(
      LoraDeltas changes, LoraInspection report, TensorRegion region, OpenModel base) {
    return new Lora(changes, Map.of(), report, region, base);
  }

  public static LoraDeltas changes(Lora lora) {
    return lora.deltas();
  }
}
