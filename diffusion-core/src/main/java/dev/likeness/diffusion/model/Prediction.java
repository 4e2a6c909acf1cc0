package dev.likeness.diffusion.model;

import dev.likeness.diffusion.weights.TensorList;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * How a single file's network predicts, where it says so: by the keys that trainers leave ({@code v_pred},
 * {@code ztsnr}) or by Stability's model spec in the metadata. SD 2.x files that say nothing are taken as diffusers takes
 * them: v, except for inpainting.
 *
 * @param type diffusers' {@code prediction_type}
 * @param zeroTerminal whether the last training step is pure noise
 * @param said whether the file says so itself
 */
record Prediction(String type, boolean zeroTerminal, boolean said) {
  static Prediction of(TensorList keys, Map<String, String> metadata, boolean sd2) {
    String spec = metadata.getOrDefault("modelspec.prediction_type", "").toLowerCase(Locale.ROOT);
    if (keys.has("v_pred") || spec.startsWith("v")) {
      return new Prediction("v_prediction", keys.has("ztsnr"), true);
    }
    if (spec.startsWith("eps")) {
      return new Prediction("epsilon", false, true);
    }
    UNetKeys unet = UNetKeys.of(keys);
    return new Prediction(sd2 && unet != null && unet.inChannels() == 4 ? "v_prediction" : "epsilon", false, false);
  }

  /** The scheduler's options with this prediction. */
  Map<String, Object> applied(Map<String, Object> scheduler) {
    Map<String, Object> options = new LinkedHashMap<>(scheduler);
    options.put("prediction_type", type);
    if (zeroTerminal) {
      options.put("rescale_betas_zero_snr", true);
    }
    return options;
  }
}
