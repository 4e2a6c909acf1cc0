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

  /** Returns the output of {@code segment} for {@code inputs}, owned by the calling scope. */
  Tensor run(Segment segment, Tensor... inputs);
}
