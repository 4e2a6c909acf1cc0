package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.LinkedHashMap;
import java.util.Map;

/** A model's {@code scheduler_config.json} as diffusers' pipelines read it. */
public final class SchedulerFile {
  private SchedulerFile() {}

  /** Reads the config without changes. */
  public static SchedulerConfig read(ModelConfig config) {
    return read(config, Map.of());
  }

  /**
   * Reads the config as pipelines that override options of old configs.
   *
   * @param overruled the overriding options: an option that the config lacks is overridden until
   *     the scheduler is switched, a given one permanently
   */
  public static SchedulerConfig read(ModelConfig config, Map<String, Object> overruled) {
    try {
      Map<String, Object> given = new LinkedHashMap<>(config.values());
      overruled.forEach((option, value) -> given.computeIfPresent(option, (name, old) -> value));
      SchedulerConfig scheduler = SchedulerConfig.of(given);
      for (String option : overruled.keySet()) {
        if (!given.containsKey(option) && scheduler.options().has(option)) {
          scheduler = scheduler.withClassOption(option, overruled.get(option));
        }
      }
      return scheduler;
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(config.source() + ": " + Quoted.line(e.getMessage()), e);
    }
  }
}
