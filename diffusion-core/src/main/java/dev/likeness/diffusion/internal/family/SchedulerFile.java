package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/** A model's {@code scheduler_config.json} as diffusers' pipelines take it. */
public final class SchedulerFile {
  private static final Map<String, Object> DRAWING =
      Map.of("steps_offset", 1, "clip_sample", false);
  private static final Map<String, Object> INPAINTING =
      Map.of("steps_offset", 1, "skip_prk_steps", true);

  private SchedulerFile() {}

  /** Reads it as it is. */
  public static SchedulerConfig read(ModelConfig config) {
    return read(config, Map.of());
  }

  /**
   * Reads it as the first pipelines (SD 1.x, 2.x; not XL) do, which overrule two options of old
   * configs.
   *
   * @param pipeline the pipeline's class, of whose folder the config is
   */
  public static SchedulerConfig overruled(ModelConfig config, String pipeline) {
    return read(config, pipeline.equals("StableDiffusionInpaintPipeline") ? INPAINTING : DRAWING);
  }

  /**
   * An option that the config left out is overruled until the scheduler is switched, one that it
   * gave for good.
   */
  private static SchedulerConfig read(ModelConfig config, Map<String, Object> overruled) {
    try {
      Map<String, Object> given = new LinkedHashMap<>(config.values());
      overruled.forEach((option, value) -> given.computeIfPresent(option, (name, old) -> value));
      SchedulerConfig scheduler = SchedulerConfig.of(given);
      for (String option : overruled.keySet()) {
        if (!given.containsKey(option) && scheduler.options().has(option)) {
          scheduler = scheduler.withHere(option, overruled.get(option));
        }
      }
      return scheduler;
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(config.where() + ": " + e.getMessage(), e);
    }
  }
}
