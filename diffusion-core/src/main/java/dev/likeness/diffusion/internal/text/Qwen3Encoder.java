package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.nn.BlockList;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.RmsNorm;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The layers of Qwen3 (arXiv:2505.09388) up to the last one that an image model reads, with the
 * names and results of transformers' {@code Qwen3Model}. Immutable and thread-safe.
 */
public final class Qwen3Encoder {
  /** The blocks of the network, which are streamed one by one. */
  public static final BlockNames BLOCKS = BlockNames.of("model.layers");

  private final Qwen3Config config;
  private final List<Integer> outputLayers;
  private final Tensor embedding;
  private final BlockList<Qwen3Layer> layers;

  /** @param outputLayers the layers whose outputs are read */
  public Qwen3Encoder(Qwen3Config config, List<Integer> outputLayers, Weights w) {
    this.config = config;
    this.outputLayers = List.copyOf(outputLayers);
    embedding = w.tensor("model.embed_tokens.weight", config.vocabulary(), config.width());
    layers = BlockList.of(
        w.at("model.layers"),
        Collections.max(outputLayers),
        (layer, i) -> new Qwen3Layer(layer, config));
  }

  /** Checks every tensor of the whole model. */
  public static void check(Qwen3Config config, Weights w) {
    new Qwen3Encoder(config, List.of(config.layers()), w);
    new RmsNorm(w.at("model.norm"), config.width(), config.eps());
    if (w.has("lm_head.weight")) {
      Linear.withoutBias(w.at("lm_head"), config.width(), config.vocabulary());
    }
  }

  /**
   * Encodes token ids.
   *
   * @param ids [batch, tokens], int64
   * @param counts [batch, 1], int64: the number of text tokens of each row; later ones are masked
   * @return the concatenated outputs of the layers, [batch, tokens, outputLayers * width], owned by
   *     the calling scope
   */
  public Tensor forward(Tensor ids, Tensor counts) {
    try (TensorScope call = TensorScope.open()) {
      Tensor x = torch.embedding(embedding, ids);
      Tensor angles = angles(x);
      Tensor cos = angles.cos().to(x.scalar_type());
      Tensor sin = angles.sin().to(x.scalar_type());
      Tensor mask = mask(ids, counts).to(x.scalar_type());
      Map<Integer, Tensor> kept = new HashMap<>();
      try (BlockList.Pass<Qwen3Layer> pass = layers.pass()) {
        for (int done = 1; pass.hasNext(); done++) {
          try (TensorScope scope = TensorScope.open()) {
            Tensor next = pass.next().forward(x, cos, sin, mask);
            x = kept.containsValue(x) ? scope.promote(next) : scope.replace(x, next);
          }
          if (outputLayers.contains(done)) {
            kept.put(done, x);
          }
        }
      }
      return call.promote(torch.cat(
          new TensorVector(outputLayers.stream().map(kept::get).toArray(Tensor[]::new)), 2));
    }
  }

  /** The angles [tokens, headWidth], f32, repeated for both halves of a head. */
  private Tensor angles(Tensor like) {
    Tensor exponents = torch
        .arange(new Scalar(0.0), new Scalar((double) config.headDim()), new Scalar(2.0))
        .to(like.device(), ScalarType.Float)
        .div(new Scalar((double) config.headDim()));
    Tensor frequencies = torch.pow(new Scalar(config.theta()), exponents).reciprocal();
    Tensor half = torch.outer(
        torch.arange(new Scalar((double) like.size(1))).to(like.device(), ScalarType.Float),
        frequencies);
    return torch.cat(new TensorVector(half, half), 1);
  }

  /** The causal mask: 0 for a token itself and text tokens before it, else minus infinity. */
  private static Tensor mask(Tensor ids, Tensor counts) {
    Tensor places =
        torch.arange(new Scalar((double) ids.size(1))).to(ids.device(), ScalarType.Long);
    Tensor before = places.unsqueeze(0).le(places.unsqueeze(1)).unsqueeze(0);
    Tensor seen =
        before.logical_and(places.unsqueeze(0).lt(counts).unsqueeze(1)).unsqueeze(1);
    return torch
        .zeros_like(seen)
        .to(ScalarType.Float)
        .masked_fill(seen.logical_not(), new Scalar(Double.NEGATIVE_INFINITY));
  }

  /**
   * One layer of Qwen3: grouped-query attention and a gated feed-forward, each normalised before.
   */
  static final class Qwen3Layer {
    private final Qwen3Config config;
    private final RmsNorm norm1;
    private final Linear q;
    private final Linear k;
    private final Linear v;
    private final Linear out;
    private final RmsNorm normQ;
    private final RmsNorm normK;
    private final RmsNorm norm2;
    private final Linear gate;
    private final Linear up;
    private final Linear down;

    Qwen3Layer(Weights w, Qwen3Config config) {
      this.config = config;
      int width = config.width();
      int queries = config.heads() * config.headDim();
      int keys = config.keyValueHeads() * config.headDim();
      Weights attention = w.at("self_attn");
      norm1 = new RmsNorm(w.at("input_layernorm"), width, config.eps());
      q = Linear.of(attention.at("q_proj"), width, queries, config.attentionBias());
      k = Linear.of(attention.at("k_proj"), width, keys, config.attentionBias());
      v = Linear.of(attention.at("v_proj"), width, keys, config.attentionBias());
      out = Linear.of(attention.at("o_proj"), queries, width, config.attentionBias());
      normQ = new RmsNorm(attention.at("q_norm"), config.headDim(), config.eps());
      normK = new RmsNorm(attention.at("k_norm"), config.headDim(), config.eps());
      norm2 = new RmsNorm(w.at("post_attention_layernorm"), width, config.eps());
      gate = Linear.withoutBias(w.at("mlp.gate_proj"), width, config.intermediateSize());
      up = Linear.withoutBias(w.at("mlp.up_proj"), width, config.intermediateSize());
      down = Linear.withoutBias(w.at("mlp.down_proj"), config.intermediateSize(), width);
    }

    /**
     * Maps [batch, tokens, width] to the same shape.
     *
     * @param cos cosines of the rotary angles, [tokens, headWidth]
     * @param sin sines of the rotary angles
     * @param mask added to the scores, [batch, 1, tokens, tokens]
     */
    Tensor forward(Tensor x, Tensor cos, Tensor sin, Tensor mask) {
      Tensor normed = norm1.forward(x);
      Tensor queries = rotate(normQ.forward(split(q.forward(normed))), cos, sin);
      Tensor keys = repeatKeyValues(rotate(normK.forward(split(k.forward(normed))), cos, sin));
      Tensor attended =
          ScaledDotProduct.attend(queries, keys, repeatKeyValues(split(v.forward(normed))), mask);
      Tensor h = x.add(out.forward(attended.transpose(1, 2).reshape(x.size(0), x.size(1), -1)));
      Tensor again = norm2.forward(h);
      return h.add(
          down.forward(config.activation().apply(gate.forward(again)).mul(up.forward(again))));
    }

    private Tensor split(Tensor x) {
      return x.view(x.size(0), x.size(1), -1, config.headDim()).transpose(1, 2);
    }

    private Tensor repeatKeyValues(Tensor heads) {
      return heads.repeat_interleave(
          config.heads() / config.keyValueHeads(), new LongOptional(1), new LongOptional());
    }

    // Rotated channels are half a head apart.
    private static Tensor rotate(Tensor x, Tensor cos, Tensor sin) {
      long half = x.size(3) / 2;
      Tensor partner =
          torch.cat(new TensorVector(x.narrow(3, half, half).neg(), x.narrow(3, 0, half)), 3);
      return x.mul(cos).add(partner.mul(sin));
    }
  }
}
