package dev.likeness.diffusion.replay;

import org.bytedeco.pytorch.Tensor;

/** How a pass runs its network, which is asked the same again and again with other numbers. One pass's, on one thread. */
public interface Runner extends AutoCloseable {
  /** Runs the work each time as it comes. */
  Runner PLAIN = (layout, work, inputs) -> work.of(inputs);

  /** Work that depends on its inputs alone, given the layout, and does the same operations whatever their numbers. */
  @FunctionalInterface
  interface Work {
    Tensor of(Tensor... inputs);
  }

  /**
   * The output of {@code work}, owned by the calling scope.
   *
   * @param layout what of the work is fixed: network with its adapters, texts; equal where the work is the same
   */
  Tensor run(Object layout, Work work, Tensor... inputs);

  @Override
  default void close() {}
}
