package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.Tensor;

/**
 * Runs the segments of a network: directly, or with gradient checkpointing so that training needs
 * less memory.
 */
@FunctionalInterface
public interface SegmentRunner {
  /** Runs each segment directly. */
  SegmentRunner PLAIN = Segment::forward;

  /**
   * A segment of a network: a function of its inputs with one output. A second run gives the same
   * output.
   */
  @FunctionalInterface
  interface Segment {
    Tensor forward(Tensor... inputs);
  }

  /**
   * Returns the runner of this thread's generations: {@link #PLAIN}, unless another one is
   * {@linkplain Current#open open}.
   */
  static SegmentRunner current() {
    SegmentRunner open = Current.RUNNER.get();
    return open == null ? PLAIN : open;
  }

  /** A runner for the networks that generate on this thread, until it is closed. */
  final class Current implements AutoCloseable {
    private static final ThreadLocal<SegmentRunner> RUNNER = new ThreadLocal<>();

    private final SegmentRunner outer = RUNNER.get();

    private Current() {}

    /** Opens {@code runner} on this thread; close it on the same thread, innermost first. */
    public static Current open(SegmentRunner runner) {
      Current opened = new Current();
      RUNNER.set(runner);
      return opened;
    }

    @Override
    public void close() {
      RUNNER.set(outer);
    }
  }

  /** Returns the output of {@code segment} for {@code inputs}, owned by the calling scope. */
  Tensor run(Segment segment, Tensor... inputs);
}
