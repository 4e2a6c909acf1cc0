package dev.likeness.integrations.observability;

import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.common.Attributes;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import java.util.Locale;

/**
 * Reports generations and trainings as OpenTelemetry spans. Thread-safe.
 *
 * <p>A span is called {@code likeness generation} or {@code likeness training}. Its parent is the
 * current span of the working thread. Its attributes are {@code likeness.model},
 * {@code likeness.images} and {@code likeness.outcome}. Each phase is an event of the span. The
 * event contains the number of steps. If the work failed, the span has the status {@code ERROR} and
 * the attribute {@code error.type}. Prompts, messages and personal data are not reported.
 */
public final class OpenTelemetryObserver implements Progress.Observer {
  private static final String SCOPE = "dev.likeness";

  private final Tracer tracer;

  /**
   * Creates an observer.
   *
   * @param telemetry provides the tracer {@code dev.likeness}
   */
  public OpenTelemetryObserver(OpenTelemetry telemetry) {
    tracer = telemetry.getTracer(SCOPE);
  }

  @Override
  public Progress onStart(Progress.Work work) {
    Span span = tracer
        .spanBuilder("likeness " + work.kind().name().toLowerCase(Locale.ROOT))
        .setAttribute("likeness.model", work.model())
        .setAttribute("likeness.images", (long) work.images())
        .startSpan();
    return event -> report(event, span);
  }

  private static void report(ProgressEvent event, Span span) {
    if (event instanceof ProgressEvent.Phase phase) {
      span.addEvent(
          phase.name(), Attributes.builder().put("steps", phase.steps()).build());
    } else if (event.isTerminal()) {
      span.setAttribute("likeness.outcome", Outcome.of(event));
      if (event instanceof ProgressEvent.Failed failed) {
        span.setStatus(StatusCode.ERROR);
        span.setAttribute("error.type", failed.reason().getClass().getName());
      }
      span.end();
    }
  }
}
