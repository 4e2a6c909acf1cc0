package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.Capabilities.NonCommercial;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The shape of a {@code Flux2Transformer2DModel}, by diffusers' names.
 *
 * @param inChannels channels of a token: four latent pixels
 * @param layers double blocks
 * @param singleLayers single blocks
 * @param textWidth width of the language model's tokens, of several layers together
 * @param timeFeatures features of the sinusoidal time embedding
 * @param innerDim channels inside a feed-forward
 * @param axes the channels of a head for each axis of the rotary embedding
 * @param theta base of the rotary frequencies
 */
public record Flux2Config(
    int inChannels,
    int outChannels,
    int layers,
    int singleLayers,
    int headDim,
    int heads,
    int textWidth,
    int timeFeatures,
    int innerDim,
    List<Integer> axes,
    double theta) {
  private static final int WIDTH_9B = 4096;
  private static final int TEXT_WIDTH_9B = 3 * 4096;

  /** Reads a transformer's {@code config.json}; unsupported options are refused. */
  public static Flux2Config of(ModelConfig c) {
    c.requireValue("patch_size", 1);
    c.requireValue("eps", 1e-6);
    if (c.flag("guidance_embeds", true)) {
      throw new InvalidInputException(c.source()
          + ": option \"guidance_embeds\" is true, as in FLUX.2 dev, which is not"
          + " supported; give FLUX.2 klein, where the option is false");
    }
    int in = c.integer("in_channels", 128);
    int head = c.positive("attention_head_dim", 128);
    int heads = c.positive("num_attention_heads", 48);
    Flux2Config config = new Flux2Config(
        in,
        c.integer("out_channels", in),
        c.integer("num_layers", 8),
        c.integer("num_single_layers", 48),
        head,
        heads,
        c.integer("joint_attention_dim", 15360),
        c.integer("timestep_guidance_channels", 256),
        (int) (head * heads * c.number("mlp_ratio", 3)),
        RotaryEmbedding.widths(
            c, "axes_dims_rope", List.of(32, 32, 32, 32), head, "attention_head_dim " + head),
        c.number("rope_theta", 2000));
    c.refuseOthers();
    return config;
  }

  /**
   * The licence of klein 9B and its variants; null for 4B. Only 9B has tokens of this width, and
   * three layers of Qwen3 8B as text.
   */
  NonCommercial nonCommercial() {
    return width() == WIDTH_9B || textWidth == TEXT_WIDTH_9B
        ? new NonCommercial("FLUX.2 klein 9B", "FLUX Non-Commercial License")
        : null;
  }

  /** Channels of a token inside the network. */
  public int width() {
    return heads * headDim;
  }

  /**
   * The positions of FLUX.2's tokens on its four axes: image, row, column, and position in the
   * text.
   */
  public static final class Flux2Positions {
    private static final double REFERENCE_DISTANCE = 10;

    private Flux2Positions() {}

    /**
     * The rotary embedding of the tokens of reference images alone.
     *
     * @param references latents of the reference images, [1, channels, h, w] each
     */
    static RotaryEmbedding ofReferences(
        Flux2Config config, List<Tensor> references, Device device) {
      TensorVector all = new TensorVector();
      addReferences(all, references);
      return RotaryEmbedding.of(
          torch.cat(all, 0).to(device, ScalarType.Float), config.axes(), config.theta());
    }

    private static void addReferences(TensorVector positions, List<Tensor> references) {
      for (int i = 0; i < references.size(); i++) {
        Tensor reference = references.get(i);
        positions.push_back(
            imagePositions(reference.size(2), reference.size(3), REFERENCE_DISTANCE * (i + 1)));
      }
    }

    /**
     * The rotary embedding of the text tokens, then the image tokens row by row, then those of each
     * reference image. Reference i stands at 10 + 10 i on the first axis.
     *
     * @param rows token rows of the image
     * @param columns token columns of the image
     * @param references latents of the reference images, [1, channels, h, w] each
     */
    public static RotaryEmbedding rotation(
        Flux2Config config,
        long textTokens,
        long rows,
        long columns,
        List<Tensor> references,
        Device device) {
      Tensor places = torch.arange(new Scalar((double) textTokens)).unsqueeze(1);
      TensorVector all = new TensorVector(
          torch.cat(new TensorVector(torch.zeros(textTokens, 3), places), 1),
          imagePositions(rows, columns, 0));
      addReferences(all, references);
      return RotaryEmbedding.of(
          torch.cat(all, 0).to(device, ScalarType.Float), config.axes(), config.theta());
    }

    private static Tensor imagePositions(long rows, long columns, double which) {
      return torch.constant_pad_nd(
          LatentPacking.positions(2 * rows, 2 * columns, which),
          new long[] {0, 1},
          new Scalar(0.0));
    }
  }
}
