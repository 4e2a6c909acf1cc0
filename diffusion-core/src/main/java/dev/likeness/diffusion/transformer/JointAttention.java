package dev.likeness.diffusion.transformer;

import dev.likeness.diffusion.adapt.AttentionBranch;
import dev.likeness.diffusion.nn.Linear;
import dev.likeness.diffusion.nn.RmsNorm;
import dev.likeness.diffusion.nn.ScaledDotProduct;
import dev.likeness.diffusion.weights.Weights;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Multi-head attention over two streams at once, each with projections of its own (MMDiT, Esser et al. 2024,
 * arXiv:2403.03206, figure 2b), or over one.
 */
final class JointAttention {
  private static final double EPS = 1e-6;

  private final Projection image;
  private final Projection text;
  private final Linear toOut;
  private final Linear toAddOut;
  private final Order order;
  private final int heads;
  private final List<AttentionBranch> branches;
  private final boolean perturbed;

  /** Which stream comes first in the joint sequence: text for FLUX, the picture for Stable Diffusion 3. */
  enum Order { TEXT_FIRST, IMAGE_FIRST }

  /** Queries, keys and values of one stream. */
  private record Projection(Linear q, Linear k, Linear v, RmsNorm normQ, RmsNorm normK) {
    static Projection of(Weights w, int width, int heads, boolean normed, String prefix, String suffix, String norm) {
      return new Projection(new Linear(w.at(prefix + "q" + suffix), width, width),
          new Linear(w.at(prefix + "k" + suffix), width, width), new Linear(w.at(prefix + "v" + suffix), width, width),
          normed ? new RmsNorm(w.at("norm_" + norm + "q"), width / heads, EPS) : null,
          normed ? new RmsNorm(w.at("norm_" + norm + "k"), width / heads, EPS) : null);
    }
  }

  /** Queries, keys and values by heads, [batch, heads, tokens, headWidth]. */
  private record Heads(Tensor q, Tensor k, Tensor v) { }

  private JointAttention(Weights w, int width, int heads, boolean normed, Order order, boolean joint, boolean imageOut,
      boolean textOut) {
    image = Projection.of(w, width, heads, normed, "to_", "", "");
    text = joint ? Projection.of(w, width, heads, normed, "add_", "_proj", "added_") : null;
    toOut = imageOut ? new Linear(w.at("to_out.0"), width, width) : null;
    toAddOut = textOut ? new Linear(w.at("to_add_out"), width, width) : null;
    this.heads = heads;
    this.order = order;
    branches = w.branches();
    perturbed = w.perturbed();
  }

  /**
   * Reads {@code to_q}, {@code to_k}, {@code to_v}, {@code to_out.0}, {@code add_q_proj}, {@code add_k_proj},
   * {@code add_v_proj} and {@code to_add_out}, and {@code norm_q}, {@code norm_k}, {@code norm_added_q},
   * {@code norm_added_k} where queries and keys are normalised.
   *
   * @param textOut whether the text goes on after this attention
   */
  static JointAttention joint(Weights w, int width, int heads, boolean normed, Order order, boolean textOut) {
    return new JointAttention(w, width, heads, normed, order, true, true, textOut);
  }

  /** Attention over one stream; {@code projected} tells whether it has a {@code to_out.0}. */
  static JointAttention single(Weights w, int width, int heads, boolean normed, boolean projected) {
    return new JointAttention(w, width, heads, normed, Order.IMAGE_FIRST, false, projected, false);
  }

  /** Attends over both streams; {@code rotation} may be null. */
  Streams forward(Streams x, Rotation rotation) {
    Heads own = heads(image, x.image());
    Heads added = heads(text, x.text());
    Heads all = order == Order.TEXT_FIRST ? joined(added, own) : joined(own, added);
    long ofImage = x.image().size(1);
    long ofText = x.text().size(1);
    Tensor y = attend(all, rotation, perturbed ? alone(all.q(), order == Order.TEXT_FIRST ? ofText : 0, ofImage) : null);
    boolean textFirst = order == Order.TEXT_FIRST;
    Tensor imageOut = toOut.forward(y.narrow(1, textFirst ? ofText : 0, ofImage));
    Tensor textOut = toAddOut == null ? null : toAddOut.forward(y.narrow(1, textFirst ? 0 : ofImage, ofText));
    return new Streams(imageOut, textOut);
  }

  /** Attends over one stream [batch, tokens, width]. */
  Tensor forward(Tensor x, Rotation rotation) {
    Tensor y = perturbed ? image.v().forward(x) : attend(heads(image, x), rotation, null);
    return toOut == null ? y : toOut.forward(y);
  }

  /**
   * What image adapters add: the picture's queries, before any rotation, over keys and values of the adapters' own.
   *
   * @return [batch, tokens, width], or null when there is no adapter
   */
  Tensor branches(Tensor x) {
    if (branches.isEmpty()) {
      return null;
    }
    Tensor q = split(image.q().forward(x), image.normQ());
    Tensor sum = null;
    for (AttentionBranch branch : branches) {
      Tensor y = branch.attend(q);
      sum = sum == null ? y : sum.add(y);
    }
    return merged(sum);
  }

  private Heads heads(Projection p, Tensor x) {
    return new Heads(split(p.q().forward(x), p.normQ()), split(p.k().forward(x), p.normK()), split(p.v().forward(x), null));
  }

  private Tensor split(Tensor x, RmsNorm norm) {
    Tensor byHead = x.view(x.size(0), x.size(1), heads, -1);
    return (norm == null ? byHead : norm.forward(byHead)).transpose(1, 2);
  }

  private static Heads joined(Heads first, Heads second) {
    return new Heads(torch.cat(new TensorVector(first.q(), second.q()), 2),
        torch.cat(new TensorVector(first.k(), second.k()), 2), torch.cat(new TensorVector(first.v(), second.v()), 2));
  }

  /** What keeps each of {@code count} tokens from the others of them, [tokens, tokens], to be added to the scores. */
  private static Tensor alone(Tensor q, long first, long count) {
    Tensor mask = q.new_zeros(q.size(2), q.size(2));
    Tensor own = mask.narrow(0, first, count).narrow(1, first, count);
    own.fill_(new Scalar(Double.NEGATIVE_INFINITY));
    own.fill_diagonal_(new Scalar(0.0));
    return mask;
  }

  private static Tensor attend(Heads h, Rotation rotation, Tensor mask) {
    Tensor q = rotation == null ? h.q() : rotation.turn(h.q());
    Tensor k = rotation == null ? h.k() : rotation.turn(h.k());
    return merged(ScaledDotProduct.attend(q, k, h.v(), mask));
  }

  private static Tensor merged(Tensor byHead) {
    return byHead.transpose(1, 2).reshape(byHead.size(0), byHead.size(2), -1);
  }
}
