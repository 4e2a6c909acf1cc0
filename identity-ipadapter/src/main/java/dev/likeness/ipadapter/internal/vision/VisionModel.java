package dev.likeness.ipadapter.internal.vision;

import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.ClipLayer;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The vision transformer of CLIP (Radford et al. 2021, arXiv:2103.00020) and of SigLIP (Zhai et al.
 * 2023, arXiv:2303.15343), with the names and results of transformers'
 * {@code CLIPVisionModelWithProjection} and {@code SiglipVisionModel}. Immutable and thread-safe.
 */
public final class VisionModel {
  private final VisionConfig config;
  private final Conv2d patchEmbedding;
  private final Tensor classToken;
  private final Tensor positionEmbedding;
  private final LayerNorm preNorm;
  private final List<ClipLayer> layers;
  private final LayerNorm postNorm;
  private final Linear projection;
  private final AttentionPool pool;

  public VisionModel(VisionConfig config, Weights w) {
    this.config = config;
    Weights model = w.at("vision_model");
    int width = config.width();
    int patch = config.patchSize();
    Weights embedding = model.at("embeddings.patch_embedding");
    patchEmbedding = config.isSiglip()
        ? new Conv2d(embedding, 3, width, patch, patch, 0)
        : Conv2d.withoutBias(embedding, 3, width, patch, patch, 0);
    classToken = config.isSiglip() ? null : model.tensor("embeddings.class_embedding", width);
    positionEmbedding =
        model.tensor("embeddings.position_embedding.weight", config.tokens(), width);
    // The name has this typo in published checkpoints.
    preNorm = config.isSiglip()
        ? null
        : new LayerNorm(model.at("pre_layrnorm"), width, config.layerNormEps());
    layers = IntStream.range(0, config.layers())
        .mapToObj(i -> new ClipLayer(
            model.at("encoder.layers").at(i),
            width,
            config.intermediateSize(),
            config.heads(),
            config.activation(),
            config.layerNormEps()))
        .toList();
    postNorm = new LayerNorm(model.at("post_layernorm"), width, config.layerNormEps());
    boolean pools = config.projectionDim() > 0;
    projection = pools && !config.isSiglip()
        ? Linear.withoutBias(w.at("visual_projection"), width, config.projectionDim())
        : null;
    pool = pools && config.isSiglip() ? new AttentionPool(model.at("head"), config) : null;
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
      Tensor pooled = pool(x);
      return new ImageEncoding(
          pooled == null ? null : call.promote(pooled), call.promote(penultimate), call.promote(x));
    }
  }

  /** Returns CLIP's state of the class token before its projection, [n, width]. */
  public Tensor pooledState(Tensor last) {
    return postNorm.forward(last.select(1, 0));
  }

  private Tensor embed(Tensor pixels) {
    Tensor tokens = patchEmbedding.forward(pixels).flatten(2, 3).transpose(1, 2);
    if (config.isSiglip()) {
      return tokens.add(positionEmbedding);
    }
    Tensor first = classToken.expand(pixels.size(0), 1, config.width());
    return preNorm.forward(torch.cat(new TensorVector(first, tokens), 1).add(positionEmbedding));
  }

  private Tensor pool(Tensor last) {
    if (pool != null) {
      return pool.forward(postNorm.forward(last));
    }
    return projection == null ? null : projection.forward(pooledState(last));
  }

  /** SigLIP's pool: one trained query attends to all tokens, then a feed-forward. */
  static final class AttentionPool {
    private final Tensor probe;
    private final Tensor inWeight;
    private final Tensor inBias;
    private final Linear out;
    private final LayerNorm norm;
    private final Linear fc1;
    private final Linear fc2;
    private final Activation activation;
    private final int heads;
    private final int width;

    AttentionPool(Weights w, VisionConfig config) {
      width = config.width();
      heads = config.heads();
      activation = config.activation();
      probe = w.tensor("probe", 1, 1, width);
      inWeight = w.tensor("attention.in_proj_weight", 3L * width, width);
      inBias = w.tensor("attention.in_proj_bias", 3L * width);
      out = new Linear(w.at("attention.out_proj"), width, width);
      norm = new LayerNorm(w.at("layernorm"), width, config.layerNormEps());
      fc1 = new Linear(w.at("mlp.fc1"), width, config.intermediateSize());
      fc2 = new Linear(w.at("mlp.fc2"), config.intermediateSize(), width);
    }

    /** Maps tokens [batch, n, width] to [batch, width]. */
    Tensor forward(Tensor tokens) {
      Tensor q = project(probe.expand(tokens.size(0), 1, width), 0);
      Tensor attended = ScaledDotProduct.attend(q, project(tokens, 1), project(tokens, 2));
      Tensor h = out.forward(attended.transpose(1, 2).reshape(tokens.size(0), 1, width));
      return h.add(fc2.forward(activation.apply(fc1.forward(norm.forward(h))))).select(1, 0);
    }

    /** Computes queries (0), keys (1) or values (2), whose weights are stacked in one tensor. */
    private Tensor project(Tensor x, int which) {
      long row = (long) which * width;
      Tensor y = torch.linear(
          x, inWeight.narrow(0, row, width), new TensorOptional(inBias.narrow(0, row, width)));
      return y.view(x.size(0), x.size(1), heads, -1).transpose(1, 2);
    }
  }

  /**
   * The outputs of a vision tower.
   *
   * @param pooled one vector for each image, [batch, projection]; null if the tower has no
   *     projection
   * @param penultimate tokens before the last layer, [batch, tokens, width]: transformers'
   *     {@code hidden_states[-2]}
   * @param last tokens after the last layer, [batch, tokens, width]: transformers'
   *     {@code last_hidden_state} of CLIP
   */
  public record ImageEncoding(Tensor pooled, Tensor penultimate, Tensor last) {}
}
