package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.internal.family.flux.FluxKeyFormat;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.List;
import java.util.Map;

/** What the names and shapes of a FLUX.2 transformer in Black Forest Labs' spelling tell of it. */
public final class Flux2KeyFormat {
  /** How the channels of a head are shared among the position axes. */
  private static final List<Integer> AXES = List.of(32, 32, 32, 32);

  private Flux2KeyFormat() {}

  /** What every name of the transformer begins with; null when there is none. */
  public static String prefix(TensorNames keys) {
    return FluxKeyFormat.PREFIXES.stream()
        .filter(prefix -> keys.has(prefix + FluxKeyFormat.NORM)
            && keys.has(prefix + "single_stream_modulation.lin.weight"))
        .findFirst()
        .orElse(null);
  }

  /** Where the transformer below {@code prefix} lies. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    return Flux2Layout.of(shapes.count("double_blocks."), shapes.count("single_blocks."))
        .under(prefix);
  }

  /** The options under diffusers' names. */
  public static Map<String, Object> config(TensorNames keys, String prefix) {
    ShapeReader shapes = new ShapeReader(keys, prefix, "transformer");
    Map<String, Object> config = FluxKeyFormat.common(keys, prefix, AXES);
    config.put("timestep_guidance_channels", shapes.size("time_in.in_layer.weight", 1));
    config.put(
        "mlp_ratio",
        shapes.size("double_blocks.0.img_mlp.2.weight", 1)
            / (double) shapes.size("img_in.weight", 0));
    config.put("rope_theta", 2000);
    config.put("eps", 1e-6);
    return config;
  }
}
