package dev.likeness.diffusion.transformer;

import dev.likeness.diffusion.weights.Weights;
import org.bytedeco.pytorch.Tensor;

/** FLUX.1's double block, which makes its shifts, scales and gates itself. */
final class FluxBlock {
  private final AdaptiveNorm norm1;
  private final AdaptiveNorm norm1Context;
  private final DoubleBlock block;

  FluxBlock(Weights w, FluxConfig config) {
    norm1 = new AdaptiveNorm(w.at("norm1"), config.width(), 6);
    norm1Context = new AdaptiveNorm(w.at("norm1_context"), config.width(), 6);
    block = DoubleBlock.gelu(w, config);
  }

  Streams forward(Streams x, Tensor embedding, Rotation rotation) {
    return block.forward(x, norm1.vectors(embedding), norm1Context.vectors(embedding), rotation);
  }
}
