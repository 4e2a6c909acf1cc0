package dev.likeness.portrait.training.adapter;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.training.FiniteNumbers;
import dev.likeness.diffusion.internal.training.Optimizer;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.TrainingStateFile;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Where an adapter's run is kept, and whose it is. What is no number is not kept.
 *
 * @param file or null when no state is kept
 * @param owner everything that decides the result
 */
record AdapterState(Path file, String owner, TrainableWeights weights, Optimizer optimizer) {
  /** Steps between two saves. */
  private static final int SAVE_EVERY = 25;

  /** Takes up the saved state, if there is one. */
  void resume() {
    if (TrainingStateFile.isIn(file, owner, "settings, base and pairs")) {
      new TrainingStateFile(weights, optimizer, null).load(file);
    }
  }

  /**
   * Saves the state when it is time, and after the {@code last} step, so that a result that cannot
   * be written is not lost.
   */
  void saveAfter(long step, long last, Progress progress) {
    if (file == null || step % SAVE_EVERY != 0 && step != last) {
      return;
    }
    requireNumbers();
    try {
      new TrainingStateFile(weights, optimizer, null)
          .save(file, Map.of(TrainingStateFile.OWNER, owner));
    } catch (ResourceLimitException full) {
      progress.on(new ProgressEvent.Notice(
          "step " + step + " is not kept, the training goes on: " + full.getMessage()));
    }
  }

  /**
   * Looks whether the weights are still numbers.
   *
   * @throws InvalidInputException when any is not; a state from before stays as it is
   */
  void requireNumbers() {
    FiniteNumbers.require(weights.leaves().values(), optimizer.steps(), advice());
  }

  /** The same of one number that the weights are about to be moved by. */
  void requireNumber(String what, double value) {
    FiniteNumbers.require(what, value, optimizer.steps(), advice());
  }

  /** A state goes on with its own settings alone, and so to the same end. */
  private String advice() {
    boolean kept = file != null && Files.exists(file);
    return (kept ? "delete " + file + ", which is as it was saved last, and " : "")
        + "train with a lower learning rate, or in f32 instead of a half type";
  }
}
