package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.ConditioningEmbedding;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.JointAttention;
import dev.likeness.diffusion.internal.nn.transformer.LatentPacking;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A ControlNet for FLUX: blocks that take a control image and add residuals to the transformer's
 * blocks. Names and numbers are those of diffusers' {@code FluxControlNetModel}. Immutable and
 * shared by threads.
 */
public final class FluxControlNetModel {
  private static final List<Integer> CONDITIONING_WIDTHS = List.of(16, 16, 16, 16);

  private final FluxBackbone backbone;
  private final ConditioningEmbedding conditioningBlock;
  private final Linear controlEmbedder;
  private final Tensor modeEmbedder;
  private final List<Linear> blockOut;
  private final List<Linear> singleOut;

  public FluxControlNetModel(Config config, Weights w) {
    FluxConfig own = config.backbone();
    backbone = new FluxBackbone(own, w);
    conditioningBlock = config.conditioningChannels() == 0
        ? null
        : new ConditioningEmbedding(
            w.at("input_hint_block"), 3, CONDITIONING_WIDTHS, config.conditioningChannels());
    controlEmbedder = new Linear(w.at("controlnet_x_embedder"), own.inChannels(), own.width());
    modeEmbedder = config.modes() == 0
        ? null
        : w.at("controlnet_mode_embedder").tensor("weight", config.modes(), own.width());
    blockOut = projections(w.at("controlnet_blocks"), own.layers(), own.width());
    singleOut = projections(w.at("controlnet_single_blocks"), own.singleLayers(), own.width());
  }

  private static List<Linear> projections(Weights w, int count, int width) {
    return IntStream.range(0, count)
        .mapToObj(i -> new Linear(w.at(i), width, width))
        .toList();
  }

  /**
   * The conditioning embedding of a control image for {@link #forward}, owned by the calling scope.
   *
   * @param control the latents [batch, channels, h, w], or the pixels in -1..1 if the network
   *     embeds pixels
   */
  public Tensor conditioningEmbedding(Tensor control) {
    try (TensorScope call = TensorScope.open()) {
      return call.promote(controlEmbedder.forward(LatentPacking.pack(
          conditioningBlock == null ? control : conditioningBlock.forward(control))));
    }
  }

  /**
   * The residuals for noisy tokens, owned by the calling scope.
   *
   * @param tokens packed latents [batch, imageTokens, inChannels]
   * @param time [batch] or [1], 0..1, f32
   * @param rotation positions of the text's tokens, then of the image's
   * @param conditioningEmbedding result of {@link #conditioningEmbedding}
   * @param mode the control mode, for union ControlNets; else ignored
   */
  public Residuals forward(
      Tensor tokens,
      Tensor time,
      FluxTransformer2DModel.Inputs conditioning,
      RotaryEmbedding rotation,
      Tensor conditioningEmbedding,
      int mode) {
    List<Tensor> blocks = new ArrayList<>();
    List<Tensor> singles = new ArrayList<>();
    try (TensorScope call = TensorScope.open()) {
      Tensor text = backbone.embedText(conditioning);
      if (modeEmbedder != null) {
        Tensor first =
            modeEmbedder.narrow(0, mode, 1).unsqueeze(0).expand(text.size(0), 1, text.size(2));
        text = torch.cat(new TensorVector(first, text), 1);
      }
      JointAttention.Streams start =
          new JointAttention.Streams(backbone.embedImage(tokens).add(conditioningEmbedding), text);
      backbone.forward(
          start,
          backbone.timeTextEmbedding(tokens, time, conditioning),
          modeEmbedder == null ? rotation : rotation.afterOrigin(),
          (single, i, image) -> (single ? singles : blocks)
              .add((single ? singleOut : blockOut).get(i).forward(image)),
          null,
          SegmentRunner.PLAIN);
      blocks.forEach(call::promote);
      singles.forEach(call::promote);
    }
    return new Residuals(blocks, singles, conditioningBlock != null);
  }

  /**
   * The shape of a {@code FluxControlNetModel}, by diffusers' names.
   *
   * @param backbone the shape of its blocks
   * @param modes the number of control modes; 0 for none
   * @param conditioningChannels output channels of its embedding of pixels; 0 if it takes latents
   */
  public record Config(FluxConfig backbone, int modes, int conditioningChannels) {
    /** Reads a ControlNet's {@code config.json}; unsupported options are refused. */
    public static Config of(ModelConfig c) {
      Map<String, Object> shared = new LinkedHashMap<>(c.values());
      int channels = c.integer("conditioning_embedding_channels", 0);
      List.of("conditioning_embedding_channels", "num_mode").forEach(shared::remove);
      if (channels > 0) {
        if (c.integer("patch_size", 1) != 2) {
          throw c.wrong(
              "patch_size",
              c.integer("patch_size", 1),
              "2, because conditioning_embedding_channels is set");
        }
        shared.remove("patch_size");
      }
      FluxConfig backbone = FluxConfig.of(ModelConfig.of(shared, c.source()));
      if (channels > 0 && 4 * channels != backbone.inChannels()) {
        throw c.wrong(
            "conditioning_embedding_channels",
            channels,
            "a quarter of in_channels " + backbone.inChannels());
      }
      return new Config(backbone, c.integer("num_mode", 0), channels);
    }
  }

  /**
   * The residuals of a ControlNet for the image tokens after FLUX's blocks, each [batch,
   * imageTokens, width]. There may be fewer than blocks, or none.
   *
   * @param blocks residuals for the double blocks
   * @param singles residuals for the single blocks
   * @param interleaved true if consecutive double blocks take consecutive residuals, instead of
   *     sharing one
   */
  public record Residuals(List<Tensor> blocks, List<Tensor> singles, boolean interleaved) {
    /** The residuals times {@code scale}. */
    public Residuals scale(double scale) {
      Scalar s = new Scalar(scale);
      return new Residuals(
          blocks.stream().map(t -> t.mul(s)).toList(),
          singles.stream().map(t -> t.mul(s)).toList(),
          interleaved);
    }

    /** The residuals repeated over the batch. */
    public Residuals repeatBatch(long times) {
      return times == 1
          ? this
          : new Residuals(
              blocks.stream().map(t -> t.repeat(times, 1, 1)).toList(),
              singles.stream().map(t -> t.repeat(times, 1, 1)).toList(),
              interleaved);
    }

    /** The residuals after {@code rows} rows of zeros in the batch. */
    public Residuals afterZeros(long rows) {
      return rows == 0
          ? this
          : new Residuals(
              blocks.stream().map(t -> afterZeros(t, rows)).toList(),
              singles.stream().map(t -> afterZeros(t, rows)).toList(),
              interleaved);
    }

    private static Tensor afterZeros(Tensor residual, long rows) {
      return torch.cat(
          new TensorVector(residual.new_zeros(rows, residual.size(1), residual.size(2)), residual),
          0);
    }

    /** The residual for block {@code i} of {@code of}, or null. */
    Tensor forBlock(boolean single, int i, int of) {
      List<Tensor> all = single ? singles : blocks;
      if (all.isEmpty()) {
        return null;
      }
      return all.get(
          !single && interleaved ? i % all.size() : i / ((of + all.size() - 1) / all.size()));
    }
  }
}
