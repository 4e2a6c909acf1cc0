package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.nn.BlockList;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.DoubleStreamBackbone;
import dev.likeness.diffusion.internal.nn.transformer.FirstBlockCache;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.nn.transformer.Streams;
import dev.likeness.diffusion.internal.nn.transformer.TimeTextEmbedding;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * What FLUX's transformer and its ControlNets have in common: embeddings, double blocks, single
 * blocks.
 */
final class FluxBackbone {
  private final TimeTextEmbedding embedding;
  private final Linear contextEmbedder;
  private final Linear xEmbedder;
  private final DoubleStreamBackbone<FluxBlock, FluxSingleBlock> chain;

  FluxBackbone(FluxConfig config, Weights w) {
    int width = config.width();
    embedding = new TimeTextEmbedding(
        w.at("time_text_embed"), width, config.pooledWidth(), config.guided());
    contextEmbedder = new Linear(w.at("context_embedder"), config.textWidth(), width);
    xEmbedder = new Linear(w.at("x_embedder"), config.inChannels(), width);
    chain = new DoubleStreamBackbone<>(
        BlockList.of(
            w.at("transformer_blocks"),
            config.layers(),
            (block, i) -> new FluxBlock(block, config)),
        BlockList.of(
            w.at("single_transformer_blocks"),
            config.singleLayers(),
            (block, i) -> new FluxSingleBlock(block, config)));
  }

  /** What every block listens to: the time, the pooled text and the guidance, [batch, width]. */
  Tensor listened(Tensor tokens, Tensor time, FluxConditioning told) {
    return embedding.forward(scaled(time, tokens), scaled(told.guidance(), tokens), told.pooled());
  }

  /** Tokens at the network's width. */
  Tensor embedded(Tensor tokens) {
    return xEmbedder.forward(tokens);
  }

  /** The text's tokens at the network's width. */
  Tensor text(FluxConditioning told) {
    return contextEmbedder.forward(told.text());
  }

  /**
   * The picture's tokens after all blocks, run by {@code segments}; see
   * {@link DoubleStreamBackbone#through}.
   */
  Tensor through(
      Streams start,
      Tensor listened,
      RotaryEmbedding rotation,
      DoubleStreamBackbone.Visitor visitor,
      FirstBlockCache cache,
      SegmentRunner segments) {
    return chain.through(
        start,
        (block, x) ->
            x.through((in, told) -> block.forward(in, told, rotation), listened, segments),
        (block, x) -> segments.run(in -> block.forward(in[0], in[1], rotation), x, listened),
        visitor,
        cache);
  }

  // In the tokens' own type before the multiplication, as the reference rounds it.
  private static Tensor scaled(Tensor value, Tensor like) {
    return value == null ? null : value.to(like.scalar_type()).mul(new Scalar(1000.0));
  }
}
