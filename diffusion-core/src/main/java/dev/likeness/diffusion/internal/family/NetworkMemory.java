package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.memory.ComponentSize;
import dev.likeness.diffusion.internal.memory.ForwardMemory;
import dev.likeness.diffusion.internal.memory.MemoryEstimate;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.text.Qwen3Encoder;
import dev.likeness.diffusion.internal.text.T5Encoder;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * What a family declares for the estimate of a model's memory; other values come from
 * configurations and headers.
 *
 * @param component the network's
 * @param blocks its blocks
 * @param width channels: of a transformer's tokens, of a UNet's first level
 * @param textTokens the number of text tokens of a transformer; 0 for a UNet
 * @param patch latent pixels along one side of a token; 1 for a UNet
 * @param latentSide the latents' side at the model's default size, if its configuration does not
 *     have it
 * @param rows the default batch size for one image: 2 with guidance
 * @param usedOfText returns true for the text encoders' tensors that are used
 */
public record NetworkMemory(
    String component,
    BlockNames blocks,
    long width,
    long textTokens,
    int patch,
    int latentSide,
    int rows,
    Predicate<String> usedOfText) {
  private static final BlockNames TEXT_BLOCKS =
      ClipTextEncoder.BLOCKS.and(T5Encoder.BLOCKS).and(Qwen3Encoder.BLOCKS);

  private static final int LEVELS = 4;
  private static final long CHANNELS = 64;

  /** The values of a model that uses all of its tensors. */
  public NetworkMemory(
      String component,
      BlockNames blocks,
      long width,
      long textTokens,
      int patch,
      int latentSide,
      int rows) {
    this(component, blocks, width, textTokens, patch, latentSide, rows, name -> true);
  }

  /** Returns these values for a model that reads a part of the text encoders' tensors. */
  public NetworkMemory readingOfText(Predicate<String> used) {
    return new NetworkMemory(component, blocks, width, textTokens, patch, latentSide, rows, used);
  }

  /** Estimates the memory of a model from the headers of its files. */
  public MemoryEstimate estimate(ModelComponents components) {
    Map<String, ComponentSize> sizes = new LinkedHashMap<>();
    boolean isCalibrated = components.calibration().isPresent();
    for (String name : components.componentNames()) {
      boolean text = name.startsWith("text_encoder");
      if ((text || name.matches("transformer|unet|vae"))
          && components.componentClass(name) != null) {
        try (TensorSource source = components.weights(name)) {
          sizes.put(
              name,
              ComponentSize.of(
                  source,
                  text ? TEXT_BLOCKS : name.equals(component) ? blocks : BlockNames.NONE,
                  isCalibrated,
                  text ? usedOfText : any -> true));
        }
      }
    }
    return new MemoryEstimate(sizes, component, activations(components));
  }

  /** Returns what the networks of a model need while they compute, from their configurations. */
  public ForwardMemory activations(ModelComponents components) {
    ModelConfig vae = components.config("vae");
    List<Integer> channels = vae.levels("block_out_channels", null);
    int factor = 1 << (channels == null ? LEVELS : channels.size()) - 1;
    int own = components.config(component).integer("sample_size", 0);
    return new ForwardMemory(
        width,
        textTokens,
        channels == null ? CHANNELS : channels.get(0),
        patch * factor,
        factor * (own == 0 ? latentSide : own),
        rows);
  }

  /** The width of a transformer, from heads and channels if its configuration has no sizes. */
  public static long width(ModelConfig network, int heads, int head) {
    return (long) network.integer("num_attention_heads", heads)
        * network.integer("attention_head_dim", head);
  }
}
