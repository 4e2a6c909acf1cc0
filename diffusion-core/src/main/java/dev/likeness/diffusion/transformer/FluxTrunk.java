package dev.likeness.diffusion.transformer;

import dev.likeness.diffusion.nn.Linear;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.Blocks;
import dev.likeness.diffusion.weights.Weights;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** What FLUX's transformer and its ControlNets have in common: embeddings, double blocks, single blocks. */
final class FluxTrunk {
  private final CombinedEmbedding embedding;
  private final Linear contextEmbedder;
  private final Linear xEmbedder;
  private final Blocks<FluxBlock> blocks;
  private final Blocks<FluxSingleBlock> singleBlocks;

  FluxTrunk(FluxConfig config, Weights w) {
    int width = config.width();
    embedding = new CombinedEmbedding(w.at("time_text_embed"), width, config.pooledWidth(), config.guided());
    contextEmbedder = new Linear(w.at("context_embedder"), config.textWidth(), width);
    xEmbedder = new Linear(w.at("x_embedder"), config.inChannels(), width);
    blocks = Blocks.of(w.at("transformer_blocks"), config.layers(), (block, i) -> new FluxBlock(block, config));
    singleBlocks = Blocks.of(
        w.at("single_transformer_blocks"), config.singleLayers(), (block, i) -> new FluxSingleBlock(block, config));
  }

  /** Sees the picture's tokens after each block, and may change them in place. */
  interface Visitor {
    void after(boolean single, int block, Tensor image);
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
   * Takes both streams through all blocks; what lies between is freed.
   *
   * @return the picture's tokens [batch, imageTokens, width], a view of the calling scope's
   */
  Tensor through(Streams start, Tensor listened, Rotation rotation, Visitor visitor) {
    Streams x = start;
    try (Blocks.Pass<FluxBlock> pass = blocks.pass()) {
      for (int i = 0; pass.hasNext(); i++) {
        try (TensorScope scope = TensorScope.open()) {
          Streams y = pass.next().forward(x, listened, rotation);
          x = new Streams(scope.replace(x.image(), y.image()), scope.replace(x.text(), y.text()));
        }
        visitor.after(false, i, x.image());
      }
    }
    long text = x.text().size(1);
    long image = x.image().size(1);
    Tensor joint = torch.cat(new TensorVector(x.text(), x.image()), 1);
    try (Blocks.Pass<FluxSingleBlock> pass = singleBlocks.pass()) {
      for (int i = 0; pass.hasNext(); i++) {
        try (TensorScope scope = TensorScope.open()) {
          joint = scope.replace(joint, pass.next().forward(joint, listened, rotation));
        }
        visitor.after(true, i, joint.narrow(1, text, image));
      }
    }
    return joint.narrow(1, text, image);
  }

  // In the tokens' own type before the multiplication, as the reference rounds it.
  private static Tensor scaled(Tensor value, Tensor like) {
    return value == null ? null : value.to(like.scalar_type()).mul(new Scalar(1000.0));
  }
}
