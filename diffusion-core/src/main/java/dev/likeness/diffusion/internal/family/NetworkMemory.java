package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.MemoryEstimate;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What a family tells of the memory of its denoising network's work; the rest is read from headers
 * alike for all families.
 *
 * @param component the network's
 * @param width channels: of a transformer's tokens, of a UNet's first level
 * @param textTokens tokens of text that a transformer has beside the image's; 0 for a UNet
 * @param patch latent pixels along one side of a token; 1 for a UNet
 * @param latentSide latents' side of an image of the model's own size, where its configuration does
 *     not say
 * @param rows how many times the network is given an image at once by default
 */
public record NetworkMemory(
    String component, long width, long textTokens, int patch, int latentSide, int rows) {
  private static final int LEVELS = 4;
  private static final long CHANNELS = 64;

  /** The memory of a model all of whose tensors are used. */
  public MemoryEstimate of(ModelParts parts) {
    return of(parts, name -> true);
  }

  /**
   * The memory of a model.
   *
   * @param usedOfText which tensors of the text encoder are ever asked for
   */
  public MemoryEstimate of(ModelParts parts, Predicate<String> usedOfText) {
    Map<String, MemoryEstimate.ComponentSize> sizes = new LinkedHashMap<>();
    for (String name : parts.componentNames()) {
      boolean text = name.startsWith("text_encoder");
      if ((text || name.matches("transformer|unet|vae")) && parts.componentClass(name) != null) {
        try (TensorSource source = parts.weights(name)) {
          sizes.put(
              name,
              MemoryEstimate.ComponentSize.of(
                  source, !name.matches("unet|vae"), text ? usedOfText : any -> true));
        }
      }
    }
    ModelConfig vae = parts.config("vae");
    boolean said = vae.has("block_out_channels");
    int factor = 1 << (said ? vae.integers("block_out_channels").size() : LEVELS) - 1;
    int own = parts.config(component).integer("sample_size", 0);
    return new MemoryEstimate(
        sizes,
        component,
        width,
        textTokens,
        said ? vae.integers("block_out_channels").get(0) : CHANNELS,
        patch * factor,
        factor * (own == 0 ? latentSide : own),
        rows);
  }

  /**
   * The width of a transformer of so many heads of so many channels, where its configuration does
   * not say.
   */
  public static long width(ModelConfig network, int heads, int head) {
    return (long) network.integer("num_attention_heads", heads)
        * network.integer("attention_head_dim", head);
  }
}
