package dev.likeness.integrations.observability;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.portrait.PortraitModel;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.EventData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Meters and spans of generations on the embedded base. */
class ObserversTest {
  private static final ImageRequest BRIEF =
      ImageRequest.of("portrait of a woman").steps(2).seed(1);

  private static BaseModel base;

  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  private final OpenTelemetrySdk telemetry = OpenTelemetrySdk.builder()
      .setTracerProvider(SdkTracerProvider.builder()
          .addSpanProcessor(SimpleSpanProcessor.create(spans))
          .build())
      .build();

  @BeforeAll
  static void open() {
    base = BaseModel.open(PortraitModel.files(), Compute.cpu(DType.F32));
  }

  @AfterAll
  static void close() {
    base.close();
  }

  @Test
  void countsWorkByItsOutcome() {
    MeterRegistry registry = new SimpleMeterRegistry();
    BaseModel observed = base.observed(new MicrometerObserver(registry));
    observed.generateAll(BRIEF.count(2));
    Cancellation stop = new Cancellation();
    assertThrows(
        CancelledException.class,
        () -> observed.generateAll(
            BRIEF,
            new Run(
                event -> {
                  if (event instanceof ProgressEvent.Step) {
                    stop.cancel();
                  }
                },
                stop)));
    assertThrows(
        IllegalArgumentException.class, () -> observed.generate(BRIEF.scheduler("none such")));
    base.generate(BRIEF);

    assertEquals(1, timed(registry, "done", "none"));
    assertEquals(1, timed(registry, "cancelled", "none"));
    assertEquals(1, timed(registry, "failed", "IllegalArgumentException"));
    assertEquals(
        3, registry.get("likeness.steps").tag("phase", "sample").counter().count());
    assertEquals(2, registry.get("likeness.images").counter().count());
    assertEquals(0, registry.get("likeness.work.active").longTaskTimer().activeTasks());
  }

  @Test
  void countsWarningsAndTrainings() {
    MeterRegistry registry = new SimpleMeterRegistry();
    Progress training = new MicrometerObserver(registry)
        .onStart(new Progress.Work(Progress.Work.Kind.TRAINING, "small", 8));
    assertEquals(1, registry.get("likeness.work.active").longTaskTimer().activeTasks());
    training.onEvent(new ProgressEvent.Notice("a warning"));
    training.onEvent(new ProgressEvent.Done());
    assertEquals(1, registry.get("likeness.notices").counter().count());
    assertEquals(
        1,
        registry
            .get("likeness.work")
            .tags("kind", "training", "model", "small")
            .timer()
            .count());
    assertEquals(0, registry.find("likeness.images").counters().size());
  }

  @Test
  void tracesWorkBelowTheCurrentSpan() {
    Span request = telemetry.getTracer("test").spanBuilder("request").startSpan();
    try (Scope scope = request.makeCurrent()) {
      base.observed(new OpenTelemetryObserver(telemetry)).generate(BRIEF);
    }
    SpanData span = spans.getFinishedSpanItems().get(0);
    assertEquals("likeness generation", span.getName());
    assertEquals(request.getSpanContext().getSpanId(), span.getParentSpanId());
    EventData denoising = span.getEvents().stream()
        .filter(event -> event.getName().equals("sample"))
        .findFirst()
        .orElseThrow();
    assertEquals(2, denoising.getAttributes().get(AttributeKey.longKey("steps")));
    assertEquals(1, span.getAttributes().get(AttributeKey.longKey("likeness.images")));
    assertEquals(base.name(), span.getAttributes().get(AttributeKey.stringKey("likeness.model")));
    assertEquals("done", span.getAttributes().get(AttributeKey.stringKey("likeness.outcome")));
    assertEquals(StatusCode.UNSET, span.getStatus().getStatusCode());
  }

  @Test
  void marksSpansOfFailures() {
    BaseModel observed = base.observed(new OpenTelemetryObserver(telemetry));
    assertThrows(
        IllegalArgumentException.class, () -> observed.generate(BRIEF.scheduler("none such")));
    List<SpanData> all = spans.getFinishedSpanItems();
    assertEquals(1, all.size());
    assertEquals(StatusCode.ERROR, all.get(0).getStatus().getStatusCode());
    assertEquals(
        "java.lang.IllegalArgumentException",
        all.get(0).getAttributes().get(AttributeKey.stringKey("error.type")));
  }

  private static long timed(MeterRegistry registry, String outcome, String error) {
    return registry
        .get("likeness.work")
        .tags("outcome", outcome, "error", error)
        .timer()
        .count();
  }
}
