package dev.likeness.ipadapter.internal.projection;

import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.ScaledDotProduct;
import dev.likeness.diffusion.internal.nn.Weights;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * The cross-attention that PuLID adds behind blocks of FLUX.1 ({@code pulid_ca}): image tokens
 * attend to the tokens of a person. Same results as {@code PerceiverAttentionCA}. Immutable and
 * thread-safe.
 */
public final class IdAttention {
  /** The number of heads of the published module; each is 128 wide. */
  public static final int HEADS = 16;

  private final LayerNorm normId;
  private final LayerNorm normImage;
  private final Linear toQ;
  private final Linear toKv;
  private final Linear toOut;
  private final long heads;

  /**
   * Reads a module.
   *
   * @param imageWidth width of an image token
   * @param idWidth width of a token of the person
   * @param innerWidth width of all heads together
   */
  public IdAttention(Weights w, long imageWidth, long idWidth, long innerWidth, long heads) {
    this.heads = heads;
    normId = new LayerNorm(w.at("norm1"), idWidth);
    normImage = new LayerNorm(w.at("norm2"), imageWidth);
    toQ = Linear.withoutBias(w.at("to_q"), imageWidth, innerWidth);
    toKv = Linear.withoutBias(w.at("to_kv"), idWidth, 2 * innerWidth);
    toOut = Linear.withoutBias(w.at("to_out"), innerWidth, imageWidth);
  }

  /**
   * Returns what is added to the image tokens [n, m, imageWidth] at strength 1, given the tokens of
   * the person [n, k, idWidth].
   */
  public Tensor forward(Tensor id, Tensor image) {
    return forward(keysAndValues(id), image);
  }

  /**
   * Returns keys and values of a person, each [n, heads, k, head width]. They are the same in all
   * steps.
   */
  public KeysAndValues keysAndValues(Tensor id) {
    TensorVector kv = toKv.forward(normId.forward(id)).chunk(2, -1);
    return new KeysAndValues(splitHeads(kv.get(0)), splitHeads(kv.get(1)));
  }

  /** Returns what is added to image tokens, given the keys and values of a person. */
  public Tensor forward(KeysAndValues person, Tensor image) {
    Tensor q = splitHeads(toQ.forward(normImage.forward(image)));
    Tensor attended = ScaledDotProduct.attend(q, person.keys(), person.values());
    return toOut.forward(attended.transpose(1, 2).reshape(image.size(0), image.size(1), -1));
  }

  private Tensor splitHeads(Tensor x) {
    return x.view(x.size(0), x.size(1), heads, -1).transpose(1, 2);
  }

  /** Keys and values of a person, each [n, heads, k, head width]. */
  public record KeysAndValues(Tensor keys, Tensor values) {}
}
