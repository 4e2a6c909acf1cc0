package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.nn.Activation;
import dev.likeness.diffusion.internal.nn.BlockList;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.RmsNorm;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * T5's encoder (Raffel et al. 2019, arXiv:1910.10683), with the names and results of transformers'
 * {@code T5EncoderModel}. As in most diffusion models, padding is masked only if a caller gives the
 * numbers of text tokens. Immutable and thread-safe.
 */
public final class T5Encoder {
  /** The blocks of the network, which are streamed one by one. */
  public static final BlockNames BLOCKS = BlockNames.of("encoder.block");

  private final T5Config config;
  private final Tensor embedding;
  private final Tensor relativeBias;
  private final BlockList<T5Layer> layers;
  private final RmsNorm finalNorm;

  public T5Encoder(T5Config config, Weights w) {
    this.config = config;
    embedding = w.tensor("shared.weight", config.vocabulary(), config.width());
    Weights blocks = w.at("encoder.block");
    relativeBias = blocks.tensor(
        "0.layer.0.SelfAttention.relative_attention_bias.weight",
        config.relativeBuckets(),
        config.heads());
    layers = BlockList.of(blocks, config.layers(), (block, i) -> new T5Layer(block, config));
    finalNorm = new RmsNorm(w.at("encoder.final_layer_norm"), config.width(), config.eps());
  }

  public T5Config config() {
    return config;
  }

  /**
   * Encodes token ids [batch, tokens] (int64) as [batch, tokens, width], owned by the calling
   * scope.
   */
  public Tensor forward(Tensor ids) {
    return forward(ids, null);
  }

  /**
   * Encodes token ids with masked padding.
   *
   * @param counts the number of tokens of each row that are not padding, [batch, 1] (int64); null
   *     for no mask
   */
  public Tensor forward(Tensor ids, Tensor counts) {
    try (TensorScope call = TensorScope.open()) {
      Tensor x = sum(torch.embedding(embedding, ids));
      Tensor bias = bias(ids.size(1));
      if (counts != null) {
        Tensor padding =
            relativePositions(ids.size(1)).ge(counts).view(ids.size(0), 1, 1, ids.size(1));
        bias = bias.masked_fill(padding, new Scalar(Double.NEGATIVE_INFINITY));
      }
      try (BlockList.Pass<T5Layer> pass = layers.pass()) {
        while (pass.hasNext()) {
          try (TensorScope scope = TensorScope.open()) {
            x = scope.replace(x, pass.next().forward(x, bias));
          }
        }
      }
      return call.promote(finalNorm.forwardToWeightType(x));
    }
  }

  /** The residual stream, see {@link T5Layer}. */
  private static Tensor sum(Tensor embedded) {
    return Tensors.dtype(embedded) == DType.F16 ? embedded.to(ScalarType.Float) : embedded;
  }

  /**
   * The bias of every distance, [1, heads, tokens, tokens]; row i, column j is that of token j for
   * query token i.
   */
  private Tensor bias(long tokens) {
    Tensor places = relativePositions(tokens);
    Tensor buckets = buckets(places.unsqueeze(0).sub(places.unsqueeze(1)));
    return torch.embedding(relativeBias, buckets).permute(2, 0, 1).unsqueeze(0);
  }

  private Tensor relativePositions(long tokens) {
    return torch.arange(new Scalar(tokens)).to(relativeBias.device(), ScalarType.Long);
  }

  /**
   * Half of the buckets are for preceding tokens and half for following ones. In each half, small
   * distances have their own bucket and large ones share.
   */
  private Tensor buckets(Tensor distance) {
    int half = config.relativeBuckets() / 2;
    int exact = half / 2;
    Tensor ahead = distance.gt(new Scalar(0)).to(ScalarType.Long).mul(new Scalar(half));
    Tensor far = distance.abs();
    Tensor shared = far.to(ScalarType.Float)
        .div(new Scalar(exact))
        .log()
        .div(new Scalar(Math.log((double) config.maxDistance() / exact)))
        .mul(new Scalar(half - exact))
        .to(ScalarType.Long)
        .add(new Scalar(exact))
        .clamp(new ScalarOptional(), new ScalarOptional(new Scalar(half - 1)));
    return ahead.add(torch.where(far.lt(new Scalar(exact)), far, shared));
  }

  /**
   * One layer of T5's encoder: attention without scaling, biased by distance, and a feed-forward,
   * each normalised before. The residual stream and the feed-forward's output exceed the range of
   * f16. They are f32 if the rest is f16, as transformers keeps {@code wo}
   * ({@code _keep_in_fp32_modules}).
   */
  static final class T5Layer {
    private final RmsNorm norm1;
    private final Linear q;
    private final Linear k;
    private final Linear v;
    private final Linear out;
    private final RmsNorm norm2;
    private final Linear gate;
    private final Linear in;
    private final Linear wo;
    private final T5Config config;

    T5Layer(Weights w, T5Config config) {
      this.config = config;
      int width = config.width();
      int attended = config.heads() * config.headDim();
      Weights attention = w.at("layer.0");
      norm1 = new RmsNorm(attention.at("layer_norm"), width, config.eps());
      q = Linear.withoutBias(attention.at("SelfAttention.q"), width, attended);
      k = Linear.withoutBias(attention.at("SelfAttention.k"), width, attended);
      v = Linear.withoutBias(attention.at("SelfAttention.v"), width, attended);
      out = Linear.withoutBias(attention.at("SelfAttention.o"), attended, width);
      Weights dense = w.at("layer.1");
      norm2 = new RmsNorm(dense.at("layer_norm"), width, config.eps());
      Weights ff = dense.at("DenseReluDense");
      gate = config.isGated() ? Linear.withoutBias(ff.at("wi_0"), width, config.inner()) : null;
      in = Linear.withoutBias(ff.at(config.isGated() ? "wi_1" : "wi"), width, config.inner());
      wo = Linear.withoutBias(ff.at("wo"), config.inner(), width);
    }

    /**
     * Maps the residual stream, [batch, tokens, width], to the same shape; {@code bias} is [1 or
     * batch, heads, tokens, tokens].
     */
    Tensor forward(Tensor x, Tensor bias) {
      Tensor normed = norm1.forwardToWeightType(x);
      Tensor scores = torch
          .matmul(split(q.forward(normed)), split(k.forward(normed)).transpose(2, 3))
          .add_(bias);
      Tensor attended = torch.matmul(torch.softmax(scores, -1), split(v.forward(normed)));
      Tensor h = x.add(out.forward(attended.transpose(1, 2).reshape(x.size(0), x.size(1), -1)));
      return h.add(feedForward(norm2.forwardToWeightType(h)));
    }

    private Tensor feedForward(Tensor x) {
      Tensor h = gate == null
          ? config.activation().apply(in.forward(x))
          : config.activation().apply(gate.forward(x)).mul(in.forward(x));
      return wo.forwardInF32(h);
    }

    private Tensor split(Tensor x) {
      return x.view(x.size(0), x.size(1), config.heads(), -1).transpose(1, 2);
    }
  }

  /**
   * The shape of a T5 encoder, by transformers' names.
   *
   * @param headDim channels of one head ({@code d_kv}); heads times this need not be the width
   * @param isGated true if the feed-forward multiplies two branches, as in version 1.1
   * @param relativeBuckets the number of buckets of relative distances
   * @param maxDistance the distance from which all share a bucket
   */
  public record T5Config(
      int vocabulary,
      int width,
      int headDim,
      int inner,
      int layers,
      int heads,
      boolean isGated,
      Activation activation,
      double eps,
      int relativeBuckets,
      int maxDistance) {
    private static final String GATED = "gated-";

    /** Reads a text encoder's {@code config.json}. */
    public static T5Config of(ModelConfig c) {
      String feedForward = c.text("feed_forward_proj", "relu");
      boolean gated = feedForward.startsWith(GATED);
      String name = gated ? feedForward.substring(GATED.length()) : feedForward;
      // Transformers reads only "gated-gelu" as the tanh formula.
      Activation activation =
          feedForward.equals("gated-gelu") ? Activation.GELU_TANH : Activation.parse(name);
      return new T5Config(
          c.integer("vocab_size", 32128),
          c.integer("d_model", 512),
          c.positive("d_kv", 64),
          c.integer("d_ff", 2048),
          c.integer("num_layers", 6),
          c.positive("num_heads", 8),
          gated,
          activation,
          c.epsilon("layer_norm_epsilon", 1e-6),
          c.integer("relative_attention_num_buckets", 32),
          c.integer("relative_attention_max_distance", 128));
    }
  }
}
