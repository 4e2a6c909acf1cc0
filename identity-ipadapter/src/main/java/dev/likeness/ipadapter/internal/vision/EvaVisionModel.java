package dev.likeness.ipadapter.internal.vision;

import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The vision tower of EVA02-CLIP (Sun et al. 2023, arXiv:2303.15389; Fang et al. 2023,
 * arXiv:2303.11331), with the names and results of {@code EVAVisionTransformer} as PuLID uses it:
 * rotary position embeddings, SwiGLU, and norms inside of attention and feed-forward. Immutable and
 * thread-safe.
 */
public final class EvaVisionModel {
  /** The hidden states that PuLID takes are the inputs of the blocks 4, 8, 12, 16 and 20. */
  static final int LAST_HIDDEN_STATE = 20;

  private static final int HIDDEN_STATE_INTERVAL = 4;
  private static final double EPS = 1e-6;

  private final EvaVisionConfig config;
  private final Conv2d patchEmbedding;
  private final Tensor classToken;
  private final Tensor positionEmbedding;
  private final List<Block> blocks;
  private final LayerNorm norm;
  private final Linear head;
  private final RotaryTable rotary;

  public EvaVisionModel(EvaVisionConfig config, Weights w) {
    this.config = config;
    int width = config.width();
    int patch = config.patchSize();
    patchEmbedding = new Conv2d(w.at("patch_embed.proj"), 3, width, patch, patch, 0);
    classToken = w.tensor("cls_token", 1, 1, width);
    positionEmbedding =
        w.tensor("pos_embed", 1, (long) config.patches() * config.patches() + 1, width);
    rotary = RotaryTable.of(w.at("rope"), config);
    blocks = IntStream.range(0, config.layers())
        .mapToObj(i -> new Block(w.at("blocks").at(i), config))
        .toList();
    norm = new LayerNorm(w.at("norm"), width, EPS);
    head = new Linear(w.at("head"), width, config.projectionDim());
  }

  /** Encodes normalised pixels [batch, 3, imageSize, imageSize]. */
  public EvaEncoding forward(Tensor pixels) {
    try (TensorScope call = TensorScope.open()) {
      Tensor patches = patchEmbedding.forward(pixels).flatten(2, 3).transpose(1, 2);
      Tensor first = classToken.expand(pixels.size(0), 1, config.width());
      Tensor x = torch.cat(new TensorVector(first, patches), 1).add(positionEmbedding);
      RotaryTable shared = rotary == null ? RotaryTable.computed(config) : rotary;
      List<Tensor> hidden = new ArrayList<>();
      for (int i = 0; i < blocks.size(); i++) {
        if (i > 0 && i <= LAST_HIDDEN_STATE && i % HIDDEN_STATE_INTERVAL == 0) {
          hidden.add(call.promote(x));
        }
        try (TensorScope scope = TensorScope.open()) {
          x = scope.promote(blocks.get(i).forward(x, shared));
        }
      }
      Tensor pooled = head.forward(norm.forward(x).select(1, 0));
      return new EvaEncoding(call.promote(pooled), List.copyOf(hidden));
    }
  }

  /**
   * The outputs of the tower.
   *
   * @param pooled one vector for each image, [batch, projection], not normalised
   * @param hidden five hidden states with the class token, each [batch, tokens, width]
   */
  public record EvaEncoding(Tensor pooled, List<Tensor> hidden) {}

  /** A block: attention and a feed-forward, both with a norm before and a residual connection. */
  private static final class Block {
    private final LayerNorm norm1;
    private final Attention attention;
    private final LayerNorm norm2;
    private final SwiGlu feedForward;

    Block(Weights w, EvaVisionConfig config) {
      norm1 = new LayerNorm(w.at("norm1"), config.width(), EPS);
      attention = new Attention(w.at("attn"), config);
      norm2 = new LayerNorm(w.at("norm2"), config.width(), EPS);
      feedForward = new SwiGlu(w.at("mlp"), config.width(), config.intermediateSize());
    }

    Tensor forward(Tensor x, RotaryTable shared) {
      Tensor h = x.add(attention.forward(norm1.forward(x), shared));
      return h.add(feedForward.forward(norm2.forward(h)));
    }
  }

  /** Self-attention with a norm before its last layer. Keys have no bias. */
  private static final class Attention {
    private final Linear q;
    private final Tensor qBias;
    private final Linear k;
    private final Linear v;
    private final Tensor vBias;
    private final LayerNorm innerNorm;
    private final Linear proj;
    private final RotaryTable rotary;
    private final int heads;

    Attention(Weights w, EvaVisionConfig config) {
      int width = config.width();
      heads = config.heads();
      q = Linear.withoutBias(w.at("q_proj"), width, width);
      qBias = w.tensor("q_bias", width);
      k = Linear.withoutBias(w.at("k_proj"), width, width);
      v = Linear.withoutBias(w.at("v_proj"), width, width);
      vBias = w.tensor("v_bias", width);
      innerNorm = new LayerNorm(w.at("inner_attn_ln"), width, EPS);
      proj = new Linear(w.at("proj"), width, width);
      rotary = RotaryTable.of(w.at("rope"), config);
    }

    Tensor forward(Tensor x, RotaryTable shared) {
      RotaryTable table = rotary == null ? shared : rotary;
      Tensor queries = table.rotate(splitHeads(q.forward(x).add(qBias)));
      Tensor keys = table.rotate(splitHeads(k.forward(x)));
      Tensor attended =
          ScaledDotProduct.attend(queries, keys, splitHeads(v.forward(x).add(vBias)));
      return proj.forward(
          innerNorm.forward(attended.transpose(1, 2).reshape(x.size(0), x.size(1), -1)));
    }

    private Tensor splitHeads(Tensor x) {
      return x.view(x.size(0), x.size(1), heads, -1).transpose(1, 2);
    }
  }

  /** SwiGLU (Shazeer 2020, arXiv:2002.05202) with a norm before its last layer. */
  private static final class SwiGlu {
    private final Linear gate;
    private final Linear in;
    private final LayerNorm innerNorm;
    private final Linear out;

    SwiGlu(Weights w, long width, long inner) {
      gate = new Linear(w.at("w1"), width, inner);
      in = new Linear(w.at("w2"), width, inner);
      innerNorm = new LayerNorm(w.at("ffn_ln"), inner, EPS);
      out = new Linear(w.at("w3"), inner, width);
    }

    Tensor forward(Tensor x) {
      return out.forward(innerNorm.forward(torch.silu(gate.forward(x)).mul(in.forward(x))));
    }
  }

  /**
   * Cosines and sines of the angles of each patch, [patches, head width]; the first half of a head
   * turns by the row, the second by the column. Positions are those of a tower with 16 patches on a
   * side. Files may contain the tables, once or once for each block; they are used then.
   */
  private record RotaryTable(Tensor cos, Tensor sin) {
    private static final double THETA = 10000;
    private static final double TRAINED_PATCHES = 16;

    /** Reads the tables of a file; null if it has none here. */
    static RotaryTable of(Weights w, EvaVisionConfig config) {
      if (!w.has("freqs_cos")) {
        return null;
      }
      long tokens = (long) config.patches() * config.patches();
      int headWidth = config.width() / config.heads();
      return new RotaryTable(
          w.tensor("freqs_cos", tokens, headWidth), w.tensor("freqs_sin", tokens, headWidth));
    }

    static RotaryTable computed(EvaVisionConfig config) {
      int patches = config.patches();
      int headWidth = config.width() / config.heads();
      int half = headWidth / 2;
      float[] cos = new float[patches * patches * headWidth];
      float[] sin = new float[cos.length];
      for (int row = 0, at = 0; row < patches; row++) {
        for (int column = 0; column < patches; column++) {
          for (int i = 0; i < headWidth; i++, at++) {
            int pair = i % half / 2;
            double position = (i < half ? row : column) * TRAINED_PATCHES / patches;
            double angle = position * Math.pow(THETA, -2.0 * pair / half);
            cos[at] = (float) Math.cos(angle);
            sin[at] = (float) Math.sin(angle);
          }
        }
      }
      return new RotaryTable(
          torch.tensor(cos).view(-1, headWidth), torch.tensor(sin).view(-1, headWidth));
    }

    /** Turns queries or keys [batch, heads, 1 + patches, head width]; the class token stays. */
    Tensor rotate(Tensor x) {
      Tensor rest = x.narrow(2, 1, x.size(2) - 1);
      Tensor pairs = rest.unflatten(3, new long[] {-1, 2});
      Tensor turned = torch
          .stack(new TensorVector(pairs.select(4, 1).neg(), pairs.select(4, 0)), 4)
          .flatten(3, 4);
      Tensor rotated = rest.mul(cos.to(x)).add(turned.mul(sin.to(x)));
      return torch.cat(new TensorVector(x.narrow(2, 0, 1), rotated), 2);
    }
  }
}
