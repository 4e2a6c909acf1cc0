package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.internal.adapter.AttentionBranch;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.nn.Weights;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Joint attention: multi-head attention over two streams with separate projections (MMDiT, Esser et
 * al. 2024, arXiv:2403.03206, figure 2b), or over one stream.
 */
public final class JointAttention {
  private final QkvProjection image;
  private final QkvProjection text;
  private final Linear toOut;
  private final Linear toAddOut;
  private final Order order;
  private final List<AttentionBranch> branches;
  private final boolean perturbed;

  /**
   * The order of streams in the joint sequence: text first for FLUX, the image first for Stable
   * Diffusion 3.
   */
  public enum Order {
    TEXT_FIRST,
    IMAGE_FIRST
  }

  private JointAttention(
      Weights w,
      QkvProjection image,
      QkvProjection text,
      Linear toOut,
      Linear toAddOut,
      Order order) {
    this.image = image;
    this.text = text;
    this.toOut = toOut;
    this.toAddOut = toAddOut;
    this.order = order;
    branches = w.branches();
    perturbed = w.isPerturbed();
  }

  /**
   * Reads {@code to_q}, {@code to_k}, {@code to_v}, {@code to_out.0}, {@code add_q_proj},
   * {@code add_k_proj}, {@code add_v_proj} and {@code to_add_out}, and {@code norm_q},
   * {@code norm_k}, {@code norm_added_q}, {@code norm_added_k} if queries and keys are normalised.
   *
   * @param textOut true if later blocks use the text
   */
  public static JointAttention joint(
      Weights w, int width, int heads, QkvProjection.Style style, Order order, boolean textOut) {
    return new JointAttention(
        w,
        QkvProjection.ofImage(w, width, heads, style),
        QkvProjection.ofText(w, width, heads, style),
        Linear.of(w.at("to_out.0"), width, width, style.hasBias()),
        textOut ? Linear.of(w.at("to_add_out"), width, width, style.hasBias()) : null,
        order);
  }

  /** Reads attention over one stream; with {@code to_out.0} if {@code projected}. */
  public static JointAttention single(
      Weights w, int width, int heads, QkvProjection.Style style, boolean projected) {
    return new JointAttention(
        w,
        QkvProjection.ofImage(w, width, heads, style),
        null,
        projected ? Linear.of(w.at("to_out.0"), width, width, style.hasBias()) : null,
        null,
        Order.IMAGE_FIRST);
  }

  /**
   * Attends over both streams; {@code rotation} may be null, and so may {@code time} if no adapter
   * needs it.
   */
  public Streams forward(Streams x, RotaryEmbedding rotation, Tensor time) {
    return forward(x, rotation, null, time);
  }

  /**
   * Attends over both streams with {@code mask}, which is added to the scores of the joint sequence
   * and may be null.
   */
  public Streams forward(Streams x, RotaryEmbedding rotation, Tensor mask, Tensor time) {
    QkvProjection.Plain plain = image.project(x.image());
    QkvProjection.Heads own = image.of(plain);
    QkvProjection.Heads added = text.of(x.text());
    QkvProjection.Heads all = order == Order.TEXT_FIRST ? added.concat(own) : own.concat(added);
    long ofImage = x.image().size(1);
    long ofText = x.text().size(1);
    boolean textFirst = order == Order.TEXT_FIRST;
    Tensor alone = perturbed ? isolationMask(all.q(), textFirst ? ofText : 0, ofImage) : null;
    Tensor y = all.attend(rotation, mask == null ? alone : alone == null ? mask : mask.add(alone));
    Tensor imageOut =
        toOut.forward(addBranches(y.narrow(1, textFirst ? ofText : 0, ofImage), plain, own, time));
    Tensor textOut =
        toAddOut == null ? null : toAddOut.forward(y.narrow(1, textFirst ? 0 : ofImage, ofText));
    return new Streams(imageOut, textOut);
  }

  /**
   * Attends over both streams, and to the keys and values of other tokens, whose keys are rotated.
   */
  Streams forwardWithKeys(Streams x, RotaryEmbedding rotation, QkvProjection.Heads others) {
    QkvProjection.Heads own = image.of(x.image());
    Tensor y = text.of(x.text()).concat(own).attendWithKeys(rotation, others);
    long ofText = x.text().size(1);
    return new Streams(
        toOut.forward(y.narrow(1, ofText, x.image().size(1))),
        toAddOut.forward(y.narrow(1, 0, ofText)));
  }

  /**
   * Attends over the image's stream without the text.
   *
   * @param keys gets the stream's keys, rotated, and values
   */
  Tensor forwardImage(Tensor x, RotaryEmbedding rotation, Consumer<QkvProjection.Heads> keys) {
    QkvProjection.Heads own = image.of(x);
    keys.accept(own.withRotatedKeys(rotation));
    return toOut.forward(own.attend(rotation, null));
  }

  /**
   * Attends over one stream [batch, tokens, width]; {@code mask}, which is added to the scores, may
   * be null.
   */
  public Tensor forward(Tensor x, RotaryEmbedding rotation, Tensor mask) {
    return forward(x, rotation, mask, null);
  }

  /** Attends over one stream; adapters get {@code time}. */
  public Tensor forward(Tensor x, RotaryEmbedding rotation, Tensor mask, Tensor time) {
    Tensor y;
    if (perturbed && branches.isEmpty()) {
      y = image.v().forward(x);
    } else {
      QkvProjection.Plain plain = image.project(x);
      QkvProjection.Heads own = image.of(plain);
      y = addBranches(perturbed ? plain.v() : own.attend(rotation, mask), plain, own, time);
    }
    return toOut == null ? y : toOut.forward(y);
  }

  /** Adds the branches of adapters to the attention's output, [batch, tokens, width]. */
  private Tensor addBranches(
      Tensor attended, QkvProjection.Plain plain, QkvProjection.Heads own, Tensor time) {
    Tensor y = attended;
    for (AttentionBranch branch : branches) {
      y = y.add(
          QkvProjection.Heads.mergeHeads(branch.attend(image.branchInputs(plain, own, time))));
    }
    return y;
  }

  /** Returns the image's queries, [batch, heads, tokens, headWidth], before rotation. */
  Tensor queries(Tensor x) {
    return image.queries(x);
  }

  /**
   * Returns an additive mask [tokens, tokens] that prevents attention between {@code count} tokens
   * (PAG).
   */
  private static Tensor isolationMask(Tensor q, long first, long count) {
    Tensor mask = q.new_zeros(q.size(2), q.size(2));
    Tensor own = mask.narrow(0, first, count).narrow(1, first, count);
    own.fill_(new Scalar(Double.NEGATIVE_INFINITY));
    own.fill_diagonal_(new Scalar(0.0));
    return mask;
  }

  /**
   * The two streams of a joint transformer.
   *
   * @param image [batch, imageTokens, width]
   * @param text [batch, textTokens, width], or null if the network does not use it any more
   */
  public record Streams(Tensor image, Tensor text) {
    /** Applies a {@code block} with the conditioning {@code listened}, run by {@code segments}. */
    public Streams apply(
        BiFunction<Streams, Tensor, Streams> block, Tensor listened, SegmentRunner segments) {
      if (segments == SegmentRunner.PLAIN) {
        return block.apply(this, listened);
      }
      Tensor out = segments.run(
          in -> block.apply(new Streams(in[0], in[1]), in[2]).concat(), image, text, listened);
      long own = image.size(1);
      long others = out.size(1) - own;
      return new Streams(out.narrow(1, others, own), others == 0 ? null : out.narrow(1, 0, others));
    }

    private Tensor concat() {
      return text == null ? image : torch.cat(new TensorVector(text, image), 1);
    }
  }
}
