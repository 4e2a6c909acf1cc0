package dev.likeness.integrations.spring;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.tensor.CpuSettings;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.photos.face.CascadeDetector;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The findings about this machine that the command {@code likeness doctor} also reports: native
 * libraries, device, memory and settings.
 */
final class LikenessHealth {
  private final BaseModel base;
  private final @Nullable GenerationQueue queue;

  LikenessHealth(BaseModel base, @Nullable GenerationQueue queue) {
    this.base = base;
    this.queue = queue;
  }

  /**
   * The findings.
   *
   * @param problem what prevents a generation, and what to do; null if there is none
   * @param details the findings by subject
   */
  record Findings(@Nullable String problem, Map<String, Object> details) {}

  Findings examine() {
    Map<String, Object> details = new LinkedHashMap<>();
    details.put("model", base.name());
    details.put("device", base.compute().toString());
    if (queue != null) {
      details.put("waiting", queue.waiting());
      details.put("running", queue.running());
    }
    if (!CpuSettings.missing().isEmpty()) {
      details.put("missingSettings", String.join(", ", CpuSettings.missing().keySet()));
    }
    try {
      details.put("memory", base.compute().requireAvailable().memory().toString());
      // Loads OpenCV, once in a process.
      new CascadeDetector().close();
      return new Findings(null, details);
    } catch (LikenessException e) {
      return new Findings(e.getMessage(), details);
    }
  }
}
