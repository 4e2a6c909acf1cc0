package dev.likeness.integrations.observability;

import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import io.micrometer.core.instrument.LongTaskTimer;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import java.util.Locale;

/**
 * Reports generations and trainings as Micrometer meters. Thread-safe.
 *
 * <ul>
 *   <li>{@code likeness.work}: a timer of finished work. Its tag {@code outcome} is {@code done},
 *       {@code cancelled} or {@code failed}; its tag {@code error} is the simple name of the
 *       exception, or {@code none}
 *   <li>{@code likeness.work.active}: a long task timer of running work
 *   <li>{@code likeness.steps}: a counter of steps. Its tag {@code phase} is, for example,
 *       {@code sample}, {@code decode} or {@code train}
 *   <li>{@code likeness.images}: a counter of generated images
 *   <li>{@code likeness.notices}: a counter of warnings and hints
 * </ul>
 *
 * <p>All meters have the tags {@code kind} ({@code generation} or {@code training}) and
 * {@code model}, the name of the base. No tag contains prompts or personal data.
 */
public final class MicrometerObserver implements Progress.Observer {
  private final MeterRegistry registry;

  /**
   * Creates an observer.
   *
   * @param registry receives the meters
   */
  public MicrometerObserver(MeterRegistry registry) {
    this.registry = registry;
  }

  @Override
  public Progress onStart(Progress.Work work) {
    Tags tags = Tags.of("kind", work.kind().name().toLowerCase(Locale.ROOT), "model", work.model());
    Timer.Sample started = Timer.start(registry);
    LongTaskTimer.Sample active = LongTaskTimer.builder("likeness.work.active")
        .tags(tags)
        .register(registry)
        .start();
    return event -> {
      if (event instanceof ProgressEvent.Step step) {
        registry.counter("likeness.steps", tags.and("phase", step.phase())).increment();
      } else if (event instanceof ProgressEvent.Notice) {
        registry.counter("likeness.notices", tags).increment();
      } else if (event.isTerminal()) {
        active.stop();
        started.stop(registry.timer(
            "likeness.work", tags.and("outcome", Outcome.of(event), "error", error(event))));
        if (event instanceof ProgressEvent.Done && work.kind() == Progress.Work.Kind.GENERATION) {
          registry.counter("likeness.images", tags).increment(work.images());
        }
      }
    };
  }

  private static String error(ProgressEvent terminal) {
    return terminal instanceof ProgressEvent.Failed failed
        ? failed.reason().getClass().getSimpleName()
        : "none";
  }
}
