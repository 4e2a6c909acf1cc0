package dev.likeness.diffusion.transformer;

import dev.likeness.diffusion.nn.Linear;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.Weights;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The denoising network of FLUX.1 (Black Forest Labs 2024, {@code src/flux/model.py} of black-forest-labs/flux), with
 * the names and numbers of diffusers' {@code FluxTransformer2DModel}. Immutable and shared by threads.
 */
public final class FluxTransformer2DModel {
  private final FluxConfig config;
  private final CombinedEmbedding embedding;
  private final Linear contextEmbedder;
  private final Linear xEmbedder;
  private final List<FluxBlock> blocks;
  private final List<FluxSingleBlock> singleBlocks;
  private final AdaptiveNorm normOut;
  private final Linear projOut;

  public FluxTransformer2DModel(FluxConfig config, Weights w) {
    this.config = config;
    int width = config.width();
    embedding = new CombinedEmbedding(w.at("time_text_embed"), width, config.pooledWidth(), config.guided());
    contextEmbedder = new Linear(w.at("context_embedder"), config.textWidth(), width);
    xEmbedder = new Linear(w.at("x_embedder"), config.inChannels(), width);
    blocks = IntStream.range(0, config.layers())
        .mapToObj(i -> new FluxBlock(w.at("transformer_blocks").at(i), config)).toList();
    singleBlocks = IntStream.range(0, config.singleLayers())
        .mapToObj(i -> new FluxSingleBlock(w.at("single_transformer_blocks").at(i), config)).toList();
    normOut = new AdaptiveNorm(w.at("norm_out"), width, 2);
    projOut = new Linear(w.at("proj_out"), width, config.outChannels());
  }

  public FluxConfig config() {
    return config;
  }

  /**
   * Predicts the flow for noisy tokens.
   *
   * @param tokens packed latents [batch, imageTokens, inChannels]
   * @param time [batch] or [1], 0..1, f32
   * @param rotation positions of the text's tokens, then of the picture's
   * @return [batch, imageTokens, outChannels], owned by the calling scope
   */
  public Tensor forward(Tensor tokens, Tensor time, FluxConditioning conditioning, Rotation rotation) {
    try (TensorScope call = TensorScope.open()) {
      Tensor listened = embedding.forward(scaled(time, tokens), scaled(conditioning.guidance(), tokens), conditioning.pooled());
      Streams x = new Streams(xEmbedder.forward(tokens), contextEmbedder.forward(conditioning.text()));
      for (FluxBlock block : blocks) {
        x = step(x, block, listened, rotation);
      }
      Tensor joint = torch.cat(new TensorVector(x.text(), x.image()), 1);
      for (FluxSingleBlock block : singleBlocks) {
        try (TensorScope scope = TensorScope.open()) {
          joint = scope.replace(joint, block.forward(joint, listened, rotation));
        }
      }
      Tensor image = joint.narrow(1, conditioning.text().size(1), tokens.size(1));
      List<Tensor> m = normOut.vectors(listened);
      return call.promote(projOut.forward(AdaptiveNorm.apply(image, m.get(1), m.get(0))));
    }
  }

  private static Streams step(Streams x, FluxBlock block, Tensor listened, Rotation rotation) {
    try (TensorScope scope = TensorScope.open()) {
      Streams y = block.forward(x, listened, rotation);
      return new Streams(scope.replace(x.image(), y.image()), scope.replace(x.text(), y.text()));
    }
  }

  // In the tokens' own type before the multiplication, as the reference rounds it.
  private static Tensor scaled(Tensor value, Tensor like) {
    return value == null ? null : value.to(like.scalar_type()).mul(new Scalar(1000.0));
  }
}
