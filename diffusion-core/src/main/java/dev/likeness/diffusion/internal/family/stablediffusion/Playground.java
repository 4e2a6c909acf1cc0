package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.family.Component;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a single file of Playground v2.5 has beside SDXL's tensors: mean and deviation of its
 * latents' channels, by which it was preconditioned as in EDM (arXiv:2402.17245).
 *
 * <p>Source: {@code create_vae_diffusers_config_from_ldm} and {@code _legacy_load_scheduler} of
 * diffusers {@code loaders/single_file_utils.py}.
 */
public final class Playground {
  private static final String MEAN = "edm_mean";
  private static final String DEVIATION = "edm_std";
  private static final double SCALE = 0.5;

  private Playground() {}

  /** Whether a file with these tensors is one. */
  static boolean is(TensorNames keys) {
    return keys.has(MEAN) && keys.has(DEVIATION);
  }

  /**
   * The components of {@code file}, its autoencoder with the latents' scale that the file holds; no
   * other file is read.
   */
  public static Map<String, Component> scaled(
      Path file, TensorNames keys, Map<String, Component> components) {
    Component plain = components.get("vae");
    if (!is(keys) || plain == null || plain.config().has("latents_mean")) {
      return components;
    }
    Map<String, Object> options = new LinkedHashMap<>(plain.config().values());
    options.put("scaling_factor", SCALE);
    options.put("latents_mean", TensorFileFormat.numbers(file, MEAN));
    options.put("latents_std", TensorFileFormat.numbers(file, DEVIATION));
    Map<String, Component> scaled = new LinkedHashMap<>(components);
    scaled.put(
        "vae",
        new Component(
            plain.className(), ModelConfig.of(options, plain.config().where()), plain.layout()));
    return scaled;
  }
}
