package dev.likeness.diffusion.model;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.weights.ModelConfig;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/** A model's {@code scheduler_config.json} as diffusers' pipelines take it. */
final class SchedulerFile {
  private static final Map<String, Object> OVERRULED = Map.of("steps_offset", 1, "clip_sample", false);

  private SchedulerFile() {}

  /** Reads it; the first pipelines (SD 1.x, 2.x; not XL) overrule two options of old configs. */
  static SchedulerConfig read(ModelConfig config, boolean overrule) {
    try {
      Map<String, Object> given = new LinkedHashMap<>(config.values());
      if (overrule) {
        Options known = SchedulerConfig.of(given).options();
        OVERRULED.forEach((option, value) -> {
          if (known.has(option) || given.containsKey(option)) {
            given.put(option, value);
          }
        });
      }
      return SchedulerConfig.of(given);
    } catch (IllegalArgumentException e) {
      throw new UnusableInput(config.where() + ": " + e.getMessage(), e);
    }
  }
}
