package dev.likeness.schedulers.diffusers;

import dev.likeness.schedulers.BetaSchedule;
import dev.likeness.schedulers.Clipping;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.Prediction;
import java.util.Set;

/**
 * What the options say of the network: its noise schedule, its prediction, and how that is clipped.
 *
 * @param schedule the trained noise levels
 * @param prediction what the network answers
 * @param clipping what is done to its denoised predictions
 */
record Training(NoiseSchedule schedule, Prediction prediction, Clipping clipping) {
  /** Reads the options; predictions other than {@code predictions} are refused. */
  static Training of(Options options, Set<Prediction> predictions, boolean keepsSignal) {
    Prediction prediction = Prediction.parse(options.text("prediction_type"));
    if (!predictions.contains(prediction)) {
      throw new IllegalArgumentException(options.owner() + " does not sample prediction_type "
          + options.text("prediction_type") + "; it samples " + predictions);
    }
    return new Training(schedule(options, keepsSignal), prediction, clipping(options));
  }

  static NoiseSchedule schedule(Options options, boolean keepsSignal) {
    NoiseSchedule schedule = NoiseSchedule.ofBetas(betas(options));
    if (!options.flag("rescale_betas_zero_snr")) {
      return schedule;
    }
    NoiseSchedule rescaled = schedule.rescaleZeroTerminalSnr();
    return keepsSignal ? rescaled.endingAt(NoiseSchedule.SMALLEST_SIGNAL) : rescaled;
  }

  private static double[] betas(Options options) {
    double[] trained = options.numbers("trained_betas");
    return trained.length > 0 ? trained : BetaSchedule.parse(options.text("beta_schedule")).betas(
        options.number("beta_start"), options.number("beta_end"), options.integer("num_train_timesteps"));
  }

  private static Clipping clipping(Options options) {
    if (options.flag("thresholding")) {
      return Clipping.dynamic(options.number("dynamic_thresholding_ratio"),
          Math.max(1, options.number("sample_max_value")));
    }
    return options.flag("clip_sample") ? Clipping.clamp(options.number("clip_sample_range")) : Clipping.NONE;
  }

  /** The level at a training timestep, and {@code end} below the first. */
  NoiseLevel level(int timestep, NoiseLevel end) {
    return timestep >= 0 ? schedule.level(timestep) : end;
  }
}
