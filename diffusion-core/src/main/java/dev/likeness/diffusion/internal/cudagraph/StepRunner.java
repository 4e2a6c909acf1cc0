package dev.likeness.diffusion.internal.cudagraph;

import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Tensor;

/**
 * How the work of a pass's rows is run, which is the same again and again with other numbers. One
 * pass's, on one thread.
 */
public interface StepRunner extends AutoCloseable {
  /** Runs the work each time as it comes. */
  StepRunner PLAIN = (layout, step, work, inputs) -> work.of(StepScalars.of(step), inputs);

  /**
   * Work that depends on its inputs and the row's numbers alone, given the layout, and does the
   * same operations whatever they are.
   */
  @FunctionalInterface
  interface Work {
    Tensor[] of(StepScalars row, Tensor... inputs);
  }

  /**
   * The outputs of {@code work}, owned by the calling scope. Work may run parts of itself by the
   * same runner.
   *
   * @param layout what of the work is fixed: network with its adapters, texts, guidance; equal
   *     where the work is the same, null where it has to run as it comes
   * @param step the row whose numbers the work is given
   */
  Tensor[] run(Object layout, Step step, Work work, Tensor... inputs);

  @Override
  default void close() {}
}
