package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.transformer.AdaptiveNorm;
import dev.likeness.diffusion.internal.nn.transformer.DoubleBlock;
import dev.likeness.diffusion.internal.nn.transformer.Rotation;
import dev.likeness.diffusion.internal.nn.transformer.Streams;
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
