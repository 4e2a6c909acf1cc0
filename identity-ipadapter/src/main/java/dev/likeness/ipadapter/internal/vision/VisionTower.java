package dev.likeness.ipadapter.internal.vision;

import dev.likeness.diffusion.internal.nn.ClipLayer;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The vision transformer of CLIP (Radford et al. 2021, arXiv:2103.00020) and of SigLIP (Zhai et al.
 * 2023, arXiv:2303.15343), with the names and numbers of transformers'
 * {@code CLIPVisionModelWithProjection} and {@code SiglipVisionModel}. Immutable and shared by
 * threads.
 */
public final class VisionTower {
  private final VisionConfig config;
  private final Conv2d patches;
  private final Tensor classToken;
  private final Tensor positions;
  private final LayerNorm preNorm;
  private final List<ClipLayer> layers;
  private final LayerNorm postNorm;
  private final Linear projection;
  private final AttentionPool pool;

  public VisionTower(VisionConfig config, Weights w) {
    this.config = config;
    Weights model = w.at("vision_model");
    int width = config.width();
    int patch = config.patchSize();
    Weights embedding = model.at("embeddings.patch_embedding");
    patches = config.siglip()
        ? new Conv2d(embedding, 3, width, patch, patch, 0)
        : Conv2d.withoutBias(embedding, 3, width, patch, patch, 0);
    classToken = config.siglip() ? null : model.tensor("embeddings.class_embedding", width);
    positions = model.tensor("embeddings.position_embedding.weight", config.tokens(), width);
    // Published checkpoints spell it so.
    preNorm = config.siglip() ? null : new LayerNorm(model.at("pre_layrnorm"), width, config.eps());
    layers = IntStream.range(0, config.layers())
        .mapToObj(i -> new ClipLayer(
            model.at("encoder.layers").at(i),
            width,
            config.inner(),
            config.heads(),
            config.activation(),
            config.eps()))
        .toList();
    postNorm = new LayerNorm(model.at("post_layernorm"), width, config.eps());
    boolean pools = config.projection() > 0;
    projection = pools && !config.siglip()
        ? Linear.withoutBias(w.at("visual_projection"), width, config.projection())
        : null;
    pool = pools && config.siglip() ? new AttentionPool(model.at("head"), config) : null;
  }

  public VisionConfig config() {
    return config;
  }

  /** Encodes pixels [batch, 3, imageSize, imageSize]. */
  public ImageEncoding forward(Tensor pixels) {
    try (TensorScope call = TensorScope.open()) {
      Tensor x = embed(pixels);
      Tensor penultimate = x;
      for (ClipLayer layer : layers) {
        penultimate = x;
        try (TensorScope scope = TensorScope.open()) {
          x = scope.promote(layer.forward(x, null));
        }
      }
      Tensor pooled = pooled(x);
      return new ImageEncoding(
          pooled == null ? null : call.promote(pooled), call.promote(penultimate));
    }
  }

  private Tensor embed(Tensor pixels) {
    Tensor tokens = patches.forward(pixels).flatten(2, 3).transpose(1, 2);
    if (config.siglip()) {
      return tokens.add(positions);
    }
    Tensor first = classToken.expand(pixels.size(0), 1, config.width());
    return preNorm.forward(torch.cat(new TensorVector(first, tokens), 1).add(positions));
  }

  private Tensor pooled(Tensor last) {
    if (pool != null) {
      return pool.forward(postNorm.forward(last));
    }
    return projection == null ? null : projection.forward(postNorm.forward(last.select(1, 0)));
  }
}
