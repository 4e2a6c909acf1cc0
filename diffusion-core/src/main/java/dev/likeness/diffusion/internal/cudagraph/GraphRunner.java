package dev.likeness.diffusion.internal.cudagraph;

import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.Step;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records work at its second run and replays it from then on, over buffers of its own that inputs
 * and the row's numbers are copied into. Work of another layout, or over inputs of other shapes, is
 * recorded for itself; a part of work that is being recorded is recorded with it. What comes once,
 * what the device cannot record, and what gradients are wanted of run as they come.
 */
public final class GraphRunner implements StepRunner {
  private static final Logger LOG = LoggerFactory.getLogger(GraphRunner.class);

  private final Capture capture;
  private final Set<Object> seenKeys = new HashSet<>();
  private final Map<Object, CapturedGraph> graphs = new HashMap<>();
  private StepScalars capturing;

  /** Nothing recorded yet. */
  public GraphRunner(Capture capture) {
    this.capture = capture;
  }

  /**
   * On the first graphics card each whole step is one CUDA graph; anywhere else it runs as it
   * comes.
   */
  public static StepRunner forDevice(Compute compute) {
    // Streams and memory pools are taken of the thread's current card, which nothing here moves
    // from the first.
    return compute.device().matches("cuda(:0)?")
        ? new GraphRunner(new CudaGraphCapture())
        : StepRunner.EAGER;
  }

  @Override
  public Tensor[] run(Object layout, Step step, Work work, Tensor... inputs) {
    if (capturing != null) {
      return work.compute(capturing, inputs);
    }
    if (layout == null
        || GradMode
            .is_enabled()) { // a recording's operations leave no graph that a gradient could follow
      return work.compute(StepScalars.of(step), inputs);
    }
    Object key = List.of(
        layout,
        Arrays.stream(inputs).map(input -> Arrays.toString(input.shape())).toList());
    if (seenKeys.add(key)) {
      return runNested(work, StepScalars.of(step), inputs);
    }
    if (!graphs.containsKey(key)) {
      graphs.put(key, captureGraph(work, inputs));
    }
    CapturedGraph take = graphs.get(key);
    return take == null ? work.compute(StepScalars.of(step), inputs) : take.replay(step, inputs);
  }

  private CapturedGraph captureGraph(Work work, Tensor... inputs) {
    try {
      return new CapturedGraph(capture, (row, in) -> runNested(work, row, in), inputs);
    } catch (RuntimeException e) {
      LOG.warn("work is not replayed but runs as it comes: {}", e.getMessage());
      return null;
    }
  }

  /** Does work whose parts are not recorded for themselves. */
  private Tensor[] runNested(Work work, StepScalars row, Tensor... inputs) {
    capturing = row;
    try {
      return work.compute(row, inputs);
    } finally {
      capturing = null;
    }
  }

  /** How many recordings there are. */
  int size() {
    return graphs.size();
  }

  /**
   * Frees every graph. If one cannot be freed, the others still are, and the error is thrown at the
   * end.
   */
  @Override
  public void close() {
    RuntimeException failure = null;
    for (CapturedGraph take : graphs.values()) {
      try {
        if (take != null) {
          take.close();
        }
      } catch (RuntimeException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    graphs.clear();
    if (failure != null) {
      throw failure;
    }
  }

  /** Records what a piece of work asks of a device, to ask it again without the work's own code. */
  @FunctionalInterface
  public interface Capture {
    /**
     * Records nothing: to replay is to do the work again. It shows on any device that replaying
     * changes no number.
     */
    Capture RERUN = work -> {
      work.run();
      return work::run;
    };

    /** What was recorded. */
    @FunctionalInterface
    interface Graph extends AutoCloseable {
      /**
       * Puts the same operations, over the same memory, into the device's queue; does not wait for
       * them.
       */
      void replay();

      @Override
      default void close() {}
    }

    /**
     * Records {@code work}, which reads and writes tensors that stay where they are. It is run at
     * least once on the way, over numbers that mean nothing.
     *
     * @throws RuntimeException when the device cannot record it
     */
    Graph capture(Runnable work);
  }
}
