package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.family.StreamLayout;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.memory.LayerUse;
import dev.likeness.diffusion.internal.memory.NetworkLayout;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.AdaLayerNorm;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.nn.transformer.JointAttention;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * The denoising network of FLUX.1 (Black Forest Labs 2024, {@code src/flux/model.py} of
 * black-forest-labs/flux), with the names and numbers of diffusers' {@code FluxTransformer2DModel}.
 * Immutable and shared by threads.
 */
public final class FluxTransformer2DModel {
  /** The blocks of the network, which are streamed one by one. */
  static final BlockNames BLOCKS = BlockNames.of("transformer_blocks", "single_transformer_blocks");

  private final FluxConfig config;
  private final FluxBackbone backbone;
  private final AdaLayerNorm normOut;
  private final Linear projOut;

  /** Declares the layers for an image of {@code image} tokens. */
  static NetworkLayout layout(FluxConfig config, double image) {
    StreamLayout streams =
        new StreamLayout(image, FluxModel.TEXT_TOKENS, config.heads(), true, true);
    return new NetworkLayout.Builder(image)
        .module("time_text_embed", StreamLayout.timeTextEmbedding())
        .layer("context_embedder", LayerUse.at(streams.text()))
        .layer("x_embedder", LayerUse.at(image))
        .blocks(
            "transformer_blocks",
            config.layers(),
            streams
                .doubleBlock()
                .add("norm1.linear", LayerUse.modulating(image))
                .add("norm1_context.linear", LayerUse.modulating(streams.text())))
        .blocks(
            "single_transformer_blocks",
            config.singleLayers(),
            streams.singleBlock().add("norm.linear", LayerUse.modulating(streams.joint())))
        .layer("norm_out.linear", LayerUse.CONDITIONING)
        .layer("proj_out", LayerUse.at(image))
        .build();
  }

  public FluxTransformer2DModel(FluxConfig config, Weights w) {
    this.config = config;
    backbone = new FluxBackbone(config, w);
    normOut = new AdaLayerNorm(w.at("norm_out"), config.width(), 2);
    projOut = new Linear(w.at("proj_out"), config.width(), config.outChannels());
  }

  public FluxConfig config() {
    return config;
  }

  /**
   * Predicts the flow for noisy tokens.
   *
   * @param tokens packed latents [batch, imageTokens, inChannels]
   * @param time [batch] or [1], 0..1, f32
   * @param rotation positions of the text's tokens, then of the image's
   * @return [batch, imageTokens, outChannels], owned by the calling scope
   */
  public Tensor forward(Tensor tokens, Tensor time, Inputs conditioning, RotaryEmbedding rotation) {
    return forward(tokens, time, conditioning, rotation, SegmentRunner.current());
  }

  /** Predicts the flow with blocks run by {@code segments}. */
  public Tensor forward(
      Tensor tokens,
      Tensor time,
      Inputs conditioning,
      RotaryEmbedding rotation,
      SegmentRunner segments) {
    return forward(tokens, time, conditioning, rotation, List.of(), null, segments);
  }

  /**
   * Predicts the flow with residuals of ControlNets.
   *
   * @param cache the first-block cache, or null; not with ControlNets
   */
  public Tensor forward(
      Tensor tokens,
      Tensor time,
      Inputs conditioning,
      RotaryEmbedding rotation,
      List<FluxControlNetModel.Residuals> control,
      FirstBlockCache cache) {
    // Residuals change the outputs of blocks in place.
    SegmentRunner segments = control.isEmpty() ? SegmentRunner.current() : SegmentRunner.PLAIN;
    return forward(tokens, time, conditioning, rotation, control, cache, segments);
  }

  private Tensor forward(
      Tensor tokens,
      Tensor time,
      Inputs conditioning,
      RotaryEmbedding rotation,
      List<FluxControlNetModel.Residuals> control,
      FirstBlockCache cache,
      SegmentRunner segments) {
    try (TensorScope call = TensorScope.open()) {
      Tensor listened = backbone.timeTextEmbedding(tokens, time, conditioning);
      JointAttention.Streams start =
          new JointAttention.Streams(backbone.embedImage(tokens), backbone.embedText(conditioning));
      Tensor image = backbone.forward(
          start,
          listened,
          rotation,
          (single, i, x) -> {
            for (FluxControlNetModel.Residuals residuals : control) {
              Tensor added =
                  residuals.forBlock(single, i, single ? config.singleLayers() : config.layers());
              if (added != null) {
                x.add_(added);
              }
            }
          },
          cache,
          segments);
      List<Tensor> m = normOut.vectors(listened);
      return call.promote(projOut.forward(AdaLayerNorm.apply(image, m.get(1), m.get(0))));
    }
  }

  /**
   * The conditioning of FLUX, other than the time.
   *
   * @param text T5's tokens [batch, textTokens, textWidth]
   * @param pooled CLIP's pooled text [batch, pooledWidth]
   * @param guidance the distilled guidance scale [batch] or [1] in f32; ignored by networks without
   *     a guidance embedding
   */
  public record Inputs(Tensor text, Tensor pooled, Tensor guidance) {}
}
