package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.RmsNorm;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** The projections of one stream to queries, keys and values; the norms may be null. */
public record QkvProjection(Linear q, Linear k, Linear v, RmsNorm normQ, RmsNorm normK, int heads) {
  /**
   * The common properties of a family's projections.
   *
   * @param hasQkNorm true if queries and keys are normalised
   * @param hasBias true if the layers have biases, including the output layer
   * @param eps epsilon of the norms
   */
  public record Style(boolean hasQkNorm, boolean hasBias, double eps) {}

  static QkvProjection ofImage(Weights w, int width, int heads, Style style) {
    return of(w, width, heads, style, "to_", "", "");
  }

  static QkvProjection ofText(Weights w, int width, int heads, Style style) {
    return of(w, width, heads, style, "add_", "_proj", "added_");
  }

  private static QkvProjection of(
      Weights w, int width, int heads, Style style, String prefix, String suffix, String norm) {
    return new QkvProjection(
        Linear.of(w.at(prefix + "q" + suffix), width, width, style.hasBias),
        Linear.of(w.at(prefix + "k" + suffix), width, width, style.hasBias),
        Linear.of(w.at(prefix + "v" + suffix), width, width, style.hasBias),
        style.hasQkNorm ? new RmsNorm(w.at("norm_" + norm + "q"), width / heads, style.eps) : null,
        style.hasQkNorm ? new RmsNorm(w.at("norm_" + norm + "k"), width / heads, style.eps) : null,
        heads);
  }

  /** Queries, keys and values before any norm, each [batch, tokens, width]. */
  record Plain(Tensor q, Tensor k, Tensor v) {}

  Heads of(Tensor x) {
    return of(project(x));
  }

  Heads of(Plain plain) {
    return new Heads(
        Heads.split(plain.q, heads, normQ),
        Heads.split(plain.k, heads, normK),
        Heads.split(plain.v, heads, null));
  }

  Plain project(Tensor x) {
    return new Plain(q.forward(x), k.forward(x), v.forward(x));
  }

  /** Returns the inputs for branches of adapters. */
  AttentionBranch.BranchInputs branchInputs(Plain plain, Heads own, Tensor time) {
    return new AttentionBranch.BranchInputs(
        own.q(),
        Heads.split(plain.q, heads, null),
        Heads.split(plain.k, heads, null),
        own.v(),
        time,
        null);
  }

  Tensor queries(Tensor x) {
    return Heads.split(q.forward(x), heads, normQ);
  }

  /** Queries, keys and values by heads, each [batch, heads, tokens, headWidth]. */
  public record Heads(Tensor q, Tensor k, Tensor v) {
    /**
     * Splits tokens [batch, tokens, width] into heads; normalises them if {@code norm} is not null.
     */
    public static Tensor split(Tensor x, int heads, RmsNorm norm) {
      Tensor byHead = x.view(x.size(0), x.size(1), heads, -1);
      return (norm == null ? byHead : norm.forward(byHead)).transpose(1, 2);
    }

    /** Concatenates the tokens of both. */
    Heads concat(Heads others) {
      return new Heads(
          torch.cat(new TensorVector(q, others.q), 2),
          torch.cat(new TensorVector(k, others.k), 2),
          torch.cat(new TensorVector(v, others.v), 2));
    }

    /**
     * Attends; returns [batch, tokens, width]. {@code rotation} and {@code mask}, which is added to
     * the scores, may be null.
     */
    public Tensor attend(RotaryEmbedding rotation, Tensor mask) {
      if (rotation == null) {
        return mergeHeads(ScaledDotProduct.attend(q, k, v, mask));
      }
      Tensor bias = keyBias(rotation);
      Tensor scores = bias == null ? mask : mask == null ? bias : mask.add(bias);
      return mergeHeads(ScaledDotProduct.attend(rotation.rotate(q), rotation.rotate(k), v, scores));
    }

    /**
     * Attends to these tokens and to {@code others}, whose keys are rotated already and whose batch
     * may be 1.
     */
    public Tensor attendWithKeys(RotaryEmbedding rotation, Heads others) {
      long batch = q.size(0);
      Tensor keys =
          torch.cat(new TensorVector(rotation.rotate(k), others.k.expand(batch, -1, -1, -1)), 2);
      Tensor values = torch.cat(new TensorVector(v, others.v.expand(batch, -1, -1, -1)), 2);
      return mergeHeads(
          ScaledDotProduct.attend(rotation.rotate(q), keys, values, keyBias(rotation)));
    }

    // Shape [1, keys] in the type of the queries, as a mask for all of them; null for none.
    private Tensor keyBias(RotaryEmbedding rotation) {
      return rotation.keyBias() == null
          ? null
          : rotation.keyBias().to(q.scalar_type()).unsqueeze(0);
    }

    /** Returns rotated keys, for {@link #attendWithKeys}. */
    public Heads withRotatedKeys(RotaryEmbedding rotation) {
      return new Heads(q, rotation.rotate(k), v);
    }

    /** Merges the heads to [batch, tokens, width] again. */
    static Tensor mergeHeads(Tensor byHead) {
      return byHead.transpose(1, 2).reshape(byHead.size(0), byHead.size(2), -1);
    }
  }
}
