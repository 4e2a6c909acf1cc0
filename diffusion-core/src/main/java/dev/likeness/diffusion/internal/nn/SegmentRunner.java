package dev.likeness.diffusion.internal.nn;

import org.bytedeco.pytorch.Tensor;

/**
 * How a network runs the stretches that it is made of: as they come, or so that training needs less
 * memory.
 */
@FunctionalInterface
public interface SegmentRunner {
  /** Runs each stretch as it comes. */
  SegmentRunner PLAIN = Segment::forward;

  /**
   * A stretch of a network: from its inputs, all of them given, to one output. Running it twice
   * gives the same.
   */
  @FunctionalInterface
  interface Segment {
    Tensor forward(Tensor... inputs);
  }

  /** The output of {@code segment} for {@code inputs}, owned by the calling scope. */
  Tensor run(Segment segment, Tensor... inputs);
}
