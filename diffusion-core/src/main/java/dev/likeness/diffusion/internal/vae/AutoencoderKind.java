package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.RowTiling;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A class of autoencoders.
 *
 * @param className name of the class in diffusers
 * @param signature a module that only this class has, by its canonical name; null for {@link #KL},
 *     which has none
 * @param read reads its {@code config.json}
 */
public record AutoencoderKind(
    String className, String signature, Function<ModelConfig, Shape> read) {
  /** The class of most families. */
  public static final AutoencoderKind KL = new AutoencoderKind("AutoencoderKL", null, c -> {
    AutoencoderConfig config = AutoencoderConfig.of(c);
    return new Shape(
        (tensors, strips) -> new AutoencoderKL(config, tensors, strips),
        config.blocks().decoderChannels().get(0),
        config.forceUpcast(),
        Set.of());
  });
  /** TAESD and similar autoencoders. */
  public static final AutoencoderKind TINY =
      new AutoencoderKind("AutoencoderTiny", "encoder.layers.0", c -> {
        AutoencoderTiny.Config config = AutoencoderTiny.Config.of(c);
        return new Shape(
            (tensors, strips) -> new AutoencoderTiny(config, tensors),
            config.decoderChannels().get(0),
            false,
            Set.of());
      });

  /**
   * A network of a configuration.
   *
   * @param network creates it from its tensors
   * @param channels of the decoder's last level
   * @param forceUpcast true if it overflows in f16
   * @param ignored tensors that are allowed and not used
   */
  public record Shape(
      BiFunction<Weights, RowTiling, Autoencoder> network,
      int channels,
      boolean forceUpcast,
      Set<String> ignored) {}

  /**
   * The kind of an autoencoder in {@link #KL}'s key names: one of {@code others} whose signature
   * exists, else {@code KL}.
   */
  public static AutoencoderKind of(TensorNames names, List<AutoencoderKind> others) {
    return others.stream()
        .filter(kind -> names.hasModule(kind.signature))
        .findFirst()
        .orElse(KL);
  }

  /** The kind of a class among {@code others}, {@link #TINY} and {@link #KL}. */
  public static AutoencoderKind named(String className, List<AutoencoderKind> others) {
    return others.stream()
        .filter(kind -> kind.className.equals(className))
        .findFirst()
        .orElse(className.equals(TINY.className) ? TINY : KL);
  }
}
