package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.family.CheckpointHeader;
import dev.likeness.diffusion.internal.family.ComponentDetector;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.Variant.Certainty;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Detects the prediction type of a single file's UNet. A configuration of latent diffusion beside
 * the file gives it ({@code parameterization}). Without one, trainers' keys ({@code v_pred},
 * {@code ztsnr}) or Stability AI's model spec in the metadata give it. For other SD 2.x files, the
 * standard deviation of one weight decides; inpainting is epsilon. Without that weight it is v, as
 * in diffusers.
 *
 * <p>Source: {@code SD20.model_type} of ComfyUI {@code comfy/supported_models.py}.
 *
 * @param type diffusers' {@code prediction_type}
 * @param zeroTerminal true if the last training step is pure noise
 * @param certainty the source of the prediction type
 */
record PredictionDetector(String type, boolean zeroTerminal, Certainty certainty) {
  private static final String VELOCITY = "v_prediction";
  private static final String EPSILON = "epsilon";
  private static final Map<String, String> PARAMETERIZATIONS =
      Map.of("v", VELOCITY, "eps", EPSILON, "x0", "sample");
  private static final String INDICATOR_WEIGHT =
      "output_blocks.11.1.transformer_blocks.0.norm1.bias";
  /** The standard deviation of the weight above which the network predicts v. */
  private static final double DEVIATION_THRESHOLD = 0.09;

  private static final int TEXT_TO_IMAGE = 4;
  /** The latents' side of SD 2.x with epsilon prediction, for 512 pixels. */
  private static final int EPSILON_SAMPLE_SIZE = 64;

  /** Detects the prediction type of a file; reads at most one weight. */
  static PredictionDetector of(CheckpointHeader header) {
    TensorNames keys = header.names();
    UNetDetector.UNetKeys unet = UNetDetector.UNetKeys.of(keys);
    String said = header
        .parameterization()
        .map(PARAMETERIZATIONS::get)
        .orElseGet(() -> declaredType(keys, header.metadata()));
    if (said != null) {
      return new PredictionDetector(
          said, VELOCITY.equals(said) && keys.has("ztsnr"), Certainty.DECLARED);
    }
    if (!unet.isSd2() || unet.inChannels() != TEXT_TO_IMAGE) {
      return new PredictionDetector(EPSILON, false, Certainty.ASSUMED);
    }
    String telling = unet.prefix() + INDICATOR_WEIGHT;
    return !keys.has(telling)
        ? new PredictionDetector(VELOCITY, false, Certainty.ASSUMED)
        : new PredictionDetector(
            deviation(header.numbers().apply(telling)) > DEVIATION_THRESHOLD ? VELOCITY : EPSILON,
            false,
            Certainty.INFERRED);
  }

  private static String declaredType(TensorNames keys, Map<String, String> metadata) {
    String spec = metadata.getOrDefault("modelspec.prediction_type", "").toLowerCase(Locale.ROOT);
    return Playground.matches(keys)
        ? EPSILON
        : keys.has("v_pred") || spec.startsWith("v")
            ? VELOCITY
            : spec.startsWith("eps") ? EPSILON : null;
  }

  /** The standard deviation of the population. */
  private static double deviation(List<Double> numbers) {
    double mean = numbers.stream().mapToDouble(each -> each).average().orElse(0);
    return Math.sqrt(numbers.stream()
        .mapToDouble(each -> (each - mean) * (each - mean))
        .average()
        .orElse(0));
  }

  /**
   * The scheduler's options with this prediction; with a zero terminal SNR, sampling starts at the
   * last step.
   */
  Map<String, Object> applyTo(Map<String, Object> scheduler) {
    Map<String, Object> options = new LinkedHashMap<>(scheduler);
    options.put("prediction_type", type);
    if (zeroTerminal) {
      options.put("rescale_betas_zero_snr", true);
      options.put("timestep_spacing", "trailing");
    }
    return options;
  }

  /** The components of SD 2.x, with the sample size of this prediction. */
  Map<String, ComponentDetector.Detected> withSampleSize(
      Map<String, ComponentDetector.Detected> components) {
    if (VELOCITY.equals(type)) {
      return components;
    }
    ComponentDetector.Detected plain = components.get("unet");
    Map<String, Object> options = new LinkedHashMap<>(plain.config().values());
    options.put("sample_size", EPSILON_SAMPLE_SIZE);
    Map<String, ComponentDetector.Detected> sized = new LinkedHashMap<>(components);
    sized.put(
        "unet",
        new ComponentDetector.Detected(
            plain.className(), ModelConfig.of(options, plain.config().source()), plain.layout()));
    return sized;
  }

  /**
   * The tensors and the header's entry by which trainers and ComfyUI recognise the prediction type
   * of a single file, and Playground v2.5. {@code v_pred} and {@code ztsnr} are empty tensors, as
   * in published files.
   */
  static final class Marks {
    private static final String V_PRED = "v_pred";
    private static final String ZERO_TERMINAL = "ztsnr";
    private static final String SPEC = "modelspec.prediction_type";
    static final Set<String> NAMES =
        Set.of(V_PRED, ZERO_TERMINAL, Playground.MEAN, Playground.DEVIATION);

    private Marks() {}

    static Map<String, float[]> of(ModelComponents components) {
      ModelConfig scheduler = components.scheduler();
      Map<String, float[]> marks = new LinkedHashMap<>();
      if (isVelocity(components)) {
        marks.put(V_PRED, new float[0]);
        if (scheduler.flag("rescale_betas_zero_snr", false)) {
          marks.put(ZERO_TERMINAL, new float[0]);
        }
      }
      if (scheduler.text("_class_name", "").startsWith("EDM")
          && components.componentClass("vae") != null
          && components.config("vae").has("latents_mean")
          && components.config("vae").has("latents_std")) {
        marks.put(Playground.MEAN, floats(components.config("vae").numbers("latents_mean")));
        marks.put(Playground.DEVIATION, floats(components.config("vae").numbers("latents_std")));
      }
      return marks;
    }

    static void describe(ModelComponents components, Map<String, String> metadata) {
      String known = metadata.getOrDefault(SPEC, "").toLowerCase(Locale.ROOT);
      if (isVelocity(components) != known.startsWith("v")) {
        metadata.put(SPEC, isVelocity(components) ? "v" : EPSILON);
      }
    }

    private static boolean isVelocity(ModelComponents components) {
      return VELOCITY.equals(components.scheduler().text("prediction_type", EPSILON));
    }

    private static float[] floats(List<Double> numbers) {
      float[] floats = new float[numbers.size()];
      for (int i = 0; i < floats.length; i++) {
        floats[i] = numbers.get(i).floatValue();
      }
      return floats;
    }
  }

  /**
   * Detects a single file of Playground v2.5, which has the mean and standard deviation of the
   * latents' channels for EDM preconditioning (arXiv:2402.17245).
   *
   * <p>Source: {@code create_vae_diffusers_config_from_ldm} and {@code _legacy_load_scheduler} of
   * diffusers {@code loaders/single_file_utils.py}.
   */
  static final class Playground {
    private static final String MEAN = "edm_mean";
    private static final String DEVIATION = "edm_std";
    private static final double SCALE = 0.5;

    private Playground() {}

    /** Returns true if a file with these tensors is Playground v2.5. */
    static boolean matches(TensorNames keys) {
      return keys.has(MEAN) && keys.has(DEVIATION);
    }

    /**
     * The components of a file, with the file's latent scale in the autoencoder's configuration.
     * Other files are not read.
     */
    static Map<String, ComponentDetector.Detected> withLatentScale(
        CheckpointHeader header, Map<String, ComponentDetector.Detected> components) {
      ComponentDetector.Detected plain = components.get("vae");
      if (!matches(header.names()) || plain == null || plain.config().has("latents_mean")) {
        return components;
      }
      Map<String, Object> options = new LinkedHashMap<>(plain.config().values());
      options.put("scaling_factor", SCALE);
      options.put("latents_mean", header.numbers().apply(MEAN));
      options.put("latents_std", header.numbers().apply(DEVIATION));
      Map<String, ComponentDetector.Detected> scaled = new LinkedHashMap<>(components);
      scaled.put(
          "vae",
          new ComponentDetector.Detected(
              plain.className(), ModelConfig.of(options, plain.config().source()), plain.layout()));
      return scaled;
    }
  }
}
