package dev.likeness.integrations.spring;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.headshots.doctor.Doctor;
import dev.likeness.headshots.doctor.Doctor.Diagnosis;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The health of the base model, its queue and this machine, which {@link Doctor} examines. */
final class LikenessHealth {
  private final BaseModel base;
  private final @Nullable GenerationQueue queue;

  LikenessHealth(BaseModel base, @Nullable GenerationQueue queue) {
    this.base = base;
    this.queue = queue;
  }

  /**
   * What was found.
   *
   * @param problem what prevents a generation, and what to do; null if there is none
   * @param details the texts by subject
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
    List<Diagnosis> diagnoses = Doctor.examine();
    diagnoses.forEach(
        part -> details.merge(part.subject(), part.text(), (some, more) -> some + "; " + more));
    String problem = diagnoses.stream()
        .filter(Diagnosis::isMissing)
        .findFirst()
        .map(part -> part.subject() + ": " + part.text())
        .orElse(null);
    try {
      // The memory of the model's device, which may be a GPU.
      details.put("memory", base.compute().requireAvailable().memory().toString());
      return new Findings(problem, details);
    } catch (ResourceLimitException e) {
      return new Findings(e.getMessage(), details);
    }
  }
}
