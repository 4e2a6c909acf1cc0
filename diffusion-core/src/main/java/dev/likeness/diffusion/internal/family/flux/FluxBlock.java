package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.AdaLayerNorm;
import dev.likeness.diffusion.internal.nn.transformer.DoubleStreamBlock;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.internal.nn.transformer.Streams;
import org.bytedeco.pytorch.Tensor;

/** FLUX.1's double block, which makes its shifts, scales and gates itself. */
final class FluxBlock {
  private final AdaLayerNorm norm1;
  private final AdaLayerNorm norm1Context;
  private final DoubleStreamBlock block;

  FluxBlock(Weights w, FluxConfig config) {
    norm1 = new AdaLayerNorm(w.at("norm1"), config.width(), 6);
    norm1Context = new AdaLayerNorm(w.at("norm1_context"), config.width(), 6);
    block = DoubleStreamBlock.gelu(w, config);
  }

  Streams forward(Streams x, Tensor embedding, RotaryEmbedding rotation) {
    return block.forward(x, norm1.vectors(embedding), norm1Context.vectors(embedding), rotation);
  }
}
