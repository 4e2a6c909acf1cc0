package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.nn.BlockList;
import dev.likeness.diffusion.internal.nn.ClipLayer;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * CLIP's text encoder (Radford et al. 2021, arXiv:2103.00020), with the names and results of
 * transformers' {@code CLIPTextModel}. Immutable and thread-safe.
 */
public final class ClipTextEncoder {
  /** The blocks of the network, which are streamed one by one. */
  public static final BlockNames BLOCKS = BlockNames.of("text_model.encoder.layers");

  private final ClipTextConfig config;
  private final Tensor tokenEmbedding;
  private final Tensor positionEmbedding;
  private final BlockList<ClipLayer> layers;
  private final LayerNorm finalNorm;
  private final Linear projection;

  public ClipTextEncoder(ClipTextConfig config, Weights w) {
    this.config = config;
    Weights model = w.at("text_model");
    tokenEmbedding =
        model.tensor("embeddings.token_embedding.weight", config.vocabulary(), config.width());
    positionEmbedding =
        model.tensor("embeddings.position_embedding.weight", config.positions(), config.width());
    layers = BlockList.of(
        model.at("encoder.layers"), config.layers(), (block, i) -> layer(block, config));
    finalNorm = new LayerNorm(model.at("final_layer_norm"), config.width(), config.eps());
    projection = config.projection() == 0
        ? null
        : Linear.withoutBias(w.at("text_projection"), config.width(), config.projection());
  }

  private static ClipLayer layer(Weights w, ClipTextConfig c) {
    return new ClipLayer(w, c.width(), c.intermediateSize(), c.heads(), c.activation(), c.eps());
  }

  public ClipTextConfig config() {
    return config;
  }

  /**
   * Encodes token ids [batch, tokens] (int64). The tokens are those after the final norm.
   *
   * @param layersLeftOut the number of last layers that are skipped, 0 to all; without the final
   *     norm then, as for SDXL
   */
  public TextEncoding forward(Tensor ids, int layersLeftOut) {
    return forward(ids, null, layersLeftOut, layersLeftOut == 0, false);
  }

  /**
   * Encodes token ids with textual inversions.
   *
   * @param words their embeddings [vectors, width], with ids from the vocabulary's size on; null
   *     for none
   * @param normed true if the final norm is applied to skipped layers too, as for Stable Diffusion
   *     1 and 2
   * @param wordsEnd true if an inversion's vector may be taken for the end token in the pooled
   *     state. This happens in transformers if the config has the legacy end token 2, because the
   *     highest id then counts as the end
   */
  TextEncoding forward(
      Tensor ids, Tensor words, int layersLeftOut, boolean normed, boolean wordsEnd) {
    if (layersLeftOut > config.layers()) {
      throw new IllegalArgumentException("a text encoder of " + config.layers()
          + " layers cannot skip its last " + layersLeftOut
          + " layers (the layers that the family of models always skips, plus clip skip); use a"
          + " smaller clip skip");
    }
    try (TensorScope call = TensorScope.open()) {
      long count = ids.size(1);
      Tensor x = embed(ids, words).add(positionEmbedding.narrow(0, 0, count));
      Tensor causal = torch
          .full(new long[] {count, count}, new Scalar(Double.NEGATIVE_INFINITY))
          .triu(1)
          .to(x.device(), x.scalar_type());
      List<Tensor> states = new ArrayList<>(List.of(x));
      try (BlockList.Pass<ClipLayer> pass = layers.pass()) {
        while (pass.hasNext()) {
          try (TensorScope scope = TensorScope.open()) {
            x = scope.promote(pass.next().forward(x, causal));
            states.add(x);
          }
        }
      }
      Tensor last = finalNorm.forward(x);
      Tensor state = states.get(states.size() - 1 - layersLeftOut);
      Tensor tokens = layersLeftOut == 0 ? last : normed ? finalNorm.forward(state) : state;
      return new TextEncoding(call.promote(tokens), call.promote(pooled(last, ids, wordsEnd)));
    }
  }

  private Tensor embed(Tensor ids, Tensor words) {
    if (words == null) {
      return torch.embedding(tokenEmbedding, ids);
    }
    Tensor own = ids.lt(new Scalar(config.vocabulary())).unsqueeze(-1);
    Tensor known =
        torch.embedding(tokenEmbedding, ids.clamp_max(new Scalar(config.vocabulary() - 1)));
    Tensor trained =
        torch.embedding(words, ids.sub(new Scalar(config.vocabulary())).clamp_min(new Scalar(0)));
    return torch.where(own, known, trained);
  }

  /** The state at each text's end token, projected if the class has a projection. */
  private Tensor pooled(Tensor last, Tensor ids, boolean wordsEnd) {
    Tensor marked = config.endToken() != 2
        ? ids.eq(new Scalar(config.endToken())).to(torch.ScalarType.Int)
        : wordsEnd ? ids : ids.masked_fill(ids.ge(new Scalar(config.vocabulary())), new Scalar(0));
    Tensor end = marked.argmax(new LongOptional(-1), false);
    Tensor firsts =
        torch.arange(new Scalar(ids.size(0)), end.options()).mul(new Scalar(ids.size(1)));
    Tensor pooled = last.flatten(0, 1).index_select(0, end.add(firsts));
    return projection == null ? pooled : projection.forward(pooled);
  }
}
