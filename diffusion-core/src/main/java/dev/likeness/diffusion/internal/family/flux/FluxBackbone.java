package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.nn.BlockList;
import dev.likeness.diffusion.internal.nn.FeedForward;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.AdaLayerNorm;
import dev.likeness.diffusion.internal.nn.transformer.DoubleStreamBackbone;
import dev.likeness.diffusion.internal.nn.transformer.DoubleStreamBlock;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.nn.transformer.JointAttention;
import dev.likeness.diffusion.internal.nn.transformer.QkvProjection;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.nn.transformer.SingleStreamBlock;
import dev.likeness.diffusion.internal.nn.transformer.TimeTextEmbedding;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * The common part of FLUX's transformer and its ControlNets: embeddings, double blocks, single
 * blocks.
 */
final class FluxBackbone {
  /** Queries and keys are normalised, with biases. */
  static final QkvProjection.Style STYLE = new QkvProjection.Style(true, true, 1e-6);

  private final TimeTextEmbedding embedding;
  private final Linear contextEmbedder;
  private final Linear xEmbedder;
  private final DoubleStreamBackbone<FluxBlock, FluxSingleBlock> blocks;

  FluxBackbone(FluxConfig config, Weights w) {
    int width = config.width();
    embedding = new TimeTextEmbedding(
        w.at("time_text_embed"), width, config.pooledWidth(), config.guidanceEmbeds());
    contextEmbedder = new Linear(w.at("context_embedder"), config.textWidth(), width);
    xEmbedder = new Linear(w.at("x_embedder"), config.inChannels(), width);
    blocks = new DoubleStreamBackbone<>(
        BlockList.of(
            w.at("transformer_blocks"),
            config.layers(),
            (block, i) -> new FluxBlock(block, config)),
        BlockList.of(
            w.at("single_transformer_blocks"),
            config.singleLayers(),
            (block, i) -> new FluxSingleBlock(block, config)));
  }

  /** The conditioning of every block: embedded time, pooled text and guidance, [batch, width]. */
  Tensor timeTextEmbedding(Tensor tokens, Tensor time, FluxTransformer2DModel.Inputs conditioning) {
    return embedding.forward(
        timesThousand(time, tokens),
        timesThousand(conditioning.guidance(), tokens),
        conditioning.pooled());
  }

  /** Tokens at the network's width. */
  Tensor embedImage(Tensor tokens) {
    return xEmbedder.forward(tokens);
  }

  /** The text's tokens at the network's width. */
  Tensor embedText(FluxTransformer2DModel.Inputs conditioning) {
    return contextEmbedder.forward(conditioning.text());
  }

  /**
   * The image's tokens after all blocks, run by {@code segments}; see
   * {@link DoubleStreamBackbone#forward}.
   */
  Tensor forward(
      JointAttention.Streams start,
      Tensor listened,
      RotaryEmbedding rotation,
      DoubleStreamBackbone.Visitor visitor,
      FirstBlockCache cache,
      SegmentRunner segments) {
    return blocks.forward(
        start,
        (block, x) -> x.apply(
            (in, conditioning) -> block.forward(in, conditioning, rotation), listened, segments),
        (block, x) -> segments.run(in -> block.forward(in[0], in[1], rotation), x, listened),
        visitor,
        cache);
  }

  // Rounded to the tokens' type before the multiplication, as in the reference.
  private static Tensor timesThousand(Tensor value, Tensor like) {
    return value == null ? null : value.to(like.scalar_type()).mul(new Scalar(1000.0));
  }

  /** FLUX.1's double block, with its own modulation layers. */
  static final class FluxBlock {
    private final AdaLayerNorm norm1;
    private final AdaLayerNorm norm1Context;
    private final DoubleStreamBlock block;

    FluxBlock(Weights w, FluxConfig config) {
      norm1 = new AdaLayerNorm(w.at("norm1"), config.width(), 6);
      norm1Context = new AdaLayerNorm(w.at("norm1_context"), config.width(), 6);
      FeedForward.GeluFeedForward ff = new FeedForward.GeluFeedForward(w.at("ff"), config.width());
      FeedForward.GeluFeedForward ffText =
          new FeedForward.GeluFeedForward(w.at("ff_context"), config.width());
      block = DoubleStreamBlock.of(
          w, config.width(), config.heads(), FluxBackbone.STYLE, ff::forward, ffText::forward);
    }

    JointAttention.Streams forward(
        JointAttention.Streams x, Tensor embedding, RotaryEmbedding rotation) {
      return block.forward(x, norm1.vectors(embedding), norm1Context.vectors(embedding), rotation);
    }
  }

  /** FLUX.1's single block, with its own modulation layer. */
  static final class FluxSingleBlock {
    private final AdaLayerNorm norm;
    private final SingleStreamBlock block;

    FluxSingleBlock(Weights w, FluxConfig config) {
      norm = new AdaLayerNorm(w.at("norm"), config.width(), 3);
      block = SingleStreamBlock.of(w, config.width(), config.heads(), FluxBackbone.STYLE);
    }

    Tensor forward(Tensor x, Tensor embedding, RotaryEmbedding rotation) {
      return block.forward(x, norm.vectors(embedding), rotation, null);
    }
  }
}
