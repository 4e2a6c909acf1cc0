package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An observer receives the events of all work on a base model. */
class ObservedModelTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a photo of a cat").steps(2).size(32, 24).guidance(1);

  @TempDir
  private static Path folder;

  private static BaseModel base;

  private final List<Progress.Work> started = new ArrayList<>();
  private final List<ProgressEvent> events = new ArrayList<>();

  @BeforeAll
  static void open() {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path());
  }

  @AfterAll
  static void close() {
    base.close();
  }

  private Progress start(Progress.Work work) {
    started.add(work);
    return events::add;
  }

  @Test
  void reportsAGenerationFromItsStartToItsEnd() {
    BaseModel observed = base.observed(this::start);
    List<ProgressEvent> own = new ArrayList<>();
    List<GeneratedImage> images =
        observed.generateAll(List.of(REQUEST.count(2), REQUEST.seed(5)), Run.of(own::add));
    assertEquals(
        List.of(new Progress.Work(Progress.Work.Kind.GENERATION, base.name(), 3)), started);
    assertEquals(own, events);
    assertInstanceOf(ProgressEvent.Done.class, events.get(events.size() - 1));
    assertEquals(1, events.stream().filter(ProgressEvent::isTerminal).count());
    assertTrue(events.stream().anyMatch(ProgressEvent.Step.class::isInstance));
    assertEquals(base.generate(REQUEST.seed(5)).image(), images.get(2).image());
  }

  @Test
  void reportsGenerationsToACallback() {
    List<GeneratedImage> images = new ArrayList<>();
    base.observed(this::start).generateEach(List.of(REQUEST), images::add, Run.silent());
    assertEquals(1, images.size());
    assertInstanceOf(ProgressEvent.Done.class, events.get(events.size() - 1));
  }

  @Test
  void reportsCancellationsAndFailures() {
    BaseModel observed = base.observed(this::start);
    Cancellation stop = new Cancellation();
    stop.cancel();
    assertThrows(CancelledException.class, () -> observed.generateAll(REQUEST, Run.of(stop)));
    assertInstanceOf(ProgressEvent.Cancelled.class, events.get(events.size() - 1));
    assertThrows(
        IllegalArgumentException.class, () -> observed.generate(REQUEST.scheduler("none such")));
    assertInstanceOf(ProgressEvent.Failed.class, events.get(events.size() - 1));
  }

  @Test
  void reportsMissingMemoryByType() {
    GenerationHooks hooks =
        EngineHooks.hooks(network -> (sample, step) -> torch.empty(1L << 48), StepListener.NONE);
    ResourceLimitException thrown = assertThrows(
        ResourceLimitException.class,
        () -> base.observed(this::start).generate(REQUEST.hooks(hooks)));
    assertEquals(new ProgressEvent.Failed(thrown), events.get(events.size() - 1));
  }

  @Test
  void endsWorkOfAllListenersIfAnObserverDoesNotStart() {
    IllegalStateException refusal = new IllegalStateException("no more spans");
    BaseModel observed = base.observed(this::start).observed(work -> {
      throw refusal;
    });
    List<ProgressEvent> own = new ArrayList<>();
    assertSame(
        refusal,
        assertThrows(
            IllegalStateException.class, () -> observed.generateAll(REQUEST, Run.of(own::add))));
    assertEquals(List.of(new ProgressEvent.Failed(refusal)), events);
    assertEquals(events, own);
  }

  @Test
  void reportsToAllObserversAndLeavesTheModelUnobserved() {
    List<Progress.Work> other = new ArrayList<>();
    base.observed(this::start)
        .observed(work -> {
          other.add(work);
          return Progress.SILENT;
        })
        .offloading()
        .generate(REQUEST);
    base.generate(REQUEST);
    assertEquals(1, started.size());
    assertEquals(started, other);
  }
}
