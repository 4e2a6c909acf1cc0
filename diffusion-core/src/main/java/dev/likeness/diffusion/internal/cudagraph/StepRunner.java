package dev.likeness.diffusion.internal.cudagraph;

import dev.likeness.schedulers.Step;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * How the work of a pass's rows is run, which is the same again and again with other numbers. One
 * pass's, on one thread.
 */
public interface StepRunner extends AutoCloseable {
  /** Runs the work each time as it comes. */
  StepRunner EAGER = (layout, step, work, inputs) -> work.compute(StepScalars.of(step), inputs);

  /**
   * Work that depends on its inputs and the row's numbers alone, given the layout, and does the
   * same operations whatever they are.
   */
  @FunctionalInterface
  interface Work {
    Tensor[] compute(StepScalars row, Tensor... inputs);
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

  /**
   * A part of a row's work, which says whether what it does in one row may be recorded and replayed
   * in another.
   */
  public interface Capturable {
    /**
     * What of the work in a row is fixed: equal for rows in which the same operations are done on
     * the same tensors, but for inputs and numbers
     * ({@link dev.likeness.diffusion.internal.cudagraph.StepScalars}). Null where the work has to
     * run as it comes, as all that says nothing here does.
     */
    default Object layout(Step step) {
      return null;
    }

    /** The layout of work that is made of parts; null where one of them has none. */
    static Object combineLayouts(Object... parts) {
      return Arrays.asList(parts).contains(null) ? null : List.of(parts);
    }
  }
}
