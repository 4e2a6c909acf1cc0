package dev.likeness.diffusion.internal.cudagraph;

import dev.likeness.schedulers.Step;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * Runs the work of the rows of one generation. Each row does the same operations with other
 * numbers. Used by one thread.
 */
public interface StepRunner extends AutoCloseable {
  /** Runs the work eagerly. */
  StepRunner EAGER = (layout, step, work, inputs) -> work.compute(StepScalars.of(step), inputs);

  /**
   * Work that depends only on its inputs and the row's numbers for a given layout, and always does
   * the same operations.
   */
  @FunctionalInterface
  interface Work {
    Tensor[] compute(StepScalars row, Tensor... inputs);
  }

  /**
   * Returns the outputs of {@code work}, owned by the calling scope. Work may use the same runner
   * for its parts.
   *
   * @param layout identifies the fixed part of the work: network with adapters, prompts, guidance.
   *     Equal layouts mean equal work; null runs the work eagerly
   * @param step the row whose numbers the work uses
   */
  Tensor[] run(Object layout, Step step, Work work, Tensor... inputs);

  @Override
  default void close() {}

  /**
   * A part of a row's work that declares if it can be captured in one row and replayed in another.
   */
  public interface Capturable {
    /**
     * Returns an object that identifies the fixed part of the work in a row. It is equal for rows
     * that do the same operations on the same tensors, except for inputs and numbers
     * ({@link dev.likeness.diffusion.internal.cudagraph.StepScalars}). Null, the default, means
     * that the work must run eagerly.
     */
    default Object layout(Step step) {
      return null;
    }

    /** Combines the layouts of parts; null if one of them is null. */
    static Object combineLayouts(Object... parts) {
      return Arrays.asList(parts).contains(null) ? null : List.of(parts);
    }
  }
}
