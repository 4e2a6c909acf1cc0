package dev.likeness.schedulers.internal.diffusers;

import dev.likeness.schedulers.Clipping;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.NoiseSchedule;
import dev.likeness.schedulers.Options;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Step;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The network that options describe: its noise levels, its prediction, and the clipping.
 *
 * @param length the number of training timesteps
 * @param noiseSchedule the trained noise levels; null for networks trained on continuous ones
 * @param prediction what the network predicts
 * @param scaling the scaling of input and output at a level
 * @param clipping the clipping of denoised predictions
 */
record NetworkConfig(
    int length,
    NoiseSchedule noiseSchedule,
    Prediction prediction,
    Function<NoiseLevel, Step.Scaling> scaling,
    Clipping clipping) {

  /** A network trained on betas. */
  static NetworkConfig of(Options options, Set<Prediction> predictions) {
    return of(options, predictions, noiseSchedule(options));
  }

  /**
   * As {@link #of}, but a schedule without signal at its end keeps a little of it, so that every
   * sigma is finite.
   */
  static NetworkConfig withFiniteSigmas(Options options, Set<Prediction> predictions) {
    NoiseSchedule schedule = noiseSchedule(options);
    return of(
        options,
        predictions,
        options.flag("rescale_betas_zero_snr")
            ? schedule.withLastAlphaBar(NoiseSchedule.MIN_ALPHA_BAR)
            : schedule);
  }

  /** A network trained on this schedule. */
  static NetworkConfig of(Options options, Set<Prediction> predictions, NoiseSchedule schedule) {
    Prediction prediction = prediction(options, predictions);
    return new NetworkConfig(
        schedule.length(), schedule, prediction, prediction::scaling, clipping(options));
  }

  /** A network trained on continuous noise levels. */
  static NetworkConfig continuous(
      int length, Prediction prediction, Function<NoiseLevel, Step.Scaling> network) {
    return new NetworkConfig(length, null, prediction, network, Clipping.NONE);
  }

  /** This network with another clipping. */
  NetworkConfig withClipping(Clipping clipping) {
    return new NetworkConfig(length, noiseSchedule, prediction, scaling, clipping);
  }

  /**
   * The prediction that the options name. Refuses others than {@code predictions}, and flow without
   * flow sigmas.
   */
  static Prediction prediction(Options options, Set<Prediction> predictions) {
    Prediction prediction = Prediction.parse(options.text("prediction_type"));
    if (!predictions.contains(prediction)) {
      throw new IllegalArgumentException(options.className() + " does not support prediction_type "
          + options.text("prediction_type") + "; known: "
          + Stream.of("epsilon", "v_prediction", "sample", "flow_prediction")
              .filter(name -> predictions.contains(Prediction.parse(name)))
              .collect(Collectors.joining(", ")));
    }
    if (prediction == Prediction.FLOW && !options.flag("use_flow_sigmas")) {
      throw new IllegalArgumentException(options.className()
          + " with prediction_type flow_prediction needs flow sigmas; set"
          + " use_flow_sigmas to true");
    }
    return prediction;
  }

  /** The noise schedule of the options, with {@code rescale_betas_zero_snr} applied. */
  static NoiseSchedule noiseSchedule(Options options) {
    NoiseSchedule schedule = NoiseSchedule.of(options);
    return options.flag("rescale_betas_zero_snr") ? schedule.rescaleZeroTerminalSnr() : schedule;
  }

  /** The clipping of the options. */
  static Clipping clipping(Options options) {
    if (options.flag("thresholding")) {
      return Clipping.dynamic(
          options.number("dynamic_thresholding_ratio"), options.number("sample_max_value"));
    }
    return options.flag("clip_sample")
        ? Clipping.clamp(options.number("clip_sample_range"))
        : Clipping.NONE;
  }

  /** The level at a training timestep; {@code end} below the first. */
  NoiseLevel level(int timestep, NoiseLevel end) {
    return timestep >= 0 ? noiseSchedule.level(timestep) : end;
  }
}
