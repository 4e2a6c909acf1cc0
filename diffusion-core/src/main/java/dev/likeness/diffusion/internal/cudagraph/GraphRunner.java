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
 * Captures work at its second run and replays it from then on. Inputs and the row's numbers are
 * copied to buffers of the graph. Each layout and each set of input shapes has its own graph;
 * nested work is captured with its parent. Work runs eagerly if it comes only once, if the device
 * cannot capture it, or if it needs gradients.
 */
public final class GraphRunner implements StepRunner {
  private static final Logger LOG = LoggerFactory.getLogger(GraphRunner.class);

  private final Capture capture;
  private final Set<Object> seenKeys = new HashSet<>();
  private final Map<Object, CapturedGraph> graphs = new HashMap<>();
  private StepScalars capturing;

  /** Creates a runner without captured graphs. */
  public GraphRunner(Capture capture) {
    this.capture = capture;
  }

  /**
   * Returns the runner of a device. On the first GPU, each whole step is one CUDA graph; on other
   * devices, steps run eagerly.
   */
  public static StepRunner forDevice(Compute compute) {
    // Capture uses the stream and memory pool of the thread's current GPU, which is the first.
    return compute.device().matches("cuda(:0)?")
        ? new GraphRunner(new CudaGraphCapture())
        : StepRunner.EAGER;
  }

  @Override
  public Tensor[] run(Object layout, Step step, Work work, Tensor... inputs) {
    if (capturing != null) {
      return work.compute(capturing, inputs);
    }
    // A replay builds no autograd graph.
    if (layout == null || GradMode.is_enabled()) {
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
    CapturedGraph graph = graphs.get(key);
    return graph == null ? work.compute(StepScalars.of(step), inputs) : graph.replay(step, inputs);
  }

  private CapturedGraph captureGraph(Work work, Tensor... inputs) {
    try {
      return new CapturedGraph(capture, (row, in) -> runNested(work, row, in), inputs);
    } catch (RuntimeException e) {
      LOG.warn("CUDA graphs are off for a part of sampling, which is slower: {}", e.getMessage());
      return null;
    }
  }

  /** Runs work whose nested parts are not captured separately. */
  private Tensor[] runNested(Work work, StepScalars row, Tensor... inputs) {
    capturing = row;
    try {
      return work.compute(row, inputs);
    } finally {
      capturing = null;
    }
  }

  /** Returns the number of captured graphs. */
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
    for (CapturedGraph graph : graphs.values()) {
      try {
        if (graph != null) {
          graph.close();
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

  /** Captures a piece of work so that it can be replayed without its code. */
  @FunctionalInterface
  public interface Capture {
    /**
     * Captures no graph: a replay does the work again. With it, tests can check on any device that
     * replaying does not change results.
     */
    Capture RERUN = work -> {
      work.run();
      return work::run;
    };

    /** A captured graph. */
    @FunctionalInterface
    interface Graph extends AutoCloseable {
      /**
       * Puts the captured operations into the device's queue, over the same memory. Does not wait
       * for them.
       */
      void replay();

      @Override
      default void close() {}
    }

    /**
     * Captures {@code work}, whose tensors keep their addresses. The capture runs the work at least
     * once, over undefined values.
     *
     * @throws RuntimeException if the device cannot capture it
     */
    Graph capture(Runnable work);
  }
}
