package dev.likeness.diffusion.internal.cudagraph;

import dev.likeness.schedulers.Step;
import java.util.Arrays;
import java.util.List;

/**
 * A part of a row's work, which says whether what it does in one row may be recorded and replayed
 * in another.
 */
public interface LaidOut {
  /**
   * What of the work in a row is fixed: equal for rows in which the same operations are done on the
   * same tensors, but for inputs and numbers
   * ({@link dev.likeness.diffusion.internal.cudagraph.StepScalars}). Null where the work has to run
   * as it comes, as all that says nothing here does.
   */
  default Object layout(Step step) {
    return null;
  }

  /** The layout of work that is made of parts; null where one of them has none. */
  static Object together(Object... parts) {
    return Arrays.asList(parts).contains(null) ? null : List.of(parts);
  }
}
