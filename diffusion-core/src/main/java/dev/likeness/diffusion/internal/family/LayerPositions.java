package dev.likeness.diffusion.internal.family;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Properties of the layers of a denoising network, to estimate the memory of training: the number
 * of positions at which each computes, and the tensors that its backward pass needs. Layers are
 * named by their paths.
 */
public interface LayerPositions {
  /**
   * The unit that {@link dev.likeness.diffusion.internal.nn.SegmentRunner} computes: a layer of a
   * UNet level, or a block of a transformer.
   */
  Pattern BLOCK =
      Pattern.compile("((?:down|up)_blocks\\.\\d+|mid_block)\\.(?:resnets|attentions)(\\.\\d+)"
          + "|(?:down|up)_blocks\\.\\d+\\.\\w+samplers|(?:single_)?transformer_blocks\\.\\d+"
          + "|(?:layers|(?:noise|context)_refiner)\\.\\d+");

  /** The number of tokens of a CLIP text. */
  int CLIP_TOKENS = 77;

  /** The positions of a layer; 1 for a layer on the time embedding. */
  double positions(String path);

  /** The positions of the stream that a layer belongs to. */
  double streamPositions(String path);

  /** The size of an attention map for each head, by the path of the query layer. */
  double attentionWeightsPerHead(String path);

  /** The number of heads of an attention, by the path of the query layer. */
  int heads(String path);

  /** The number of queries that a layer computes at each position; 0 for other layers. */
  default long queries(String path, long in, long out) {
    return path.matches(".*(to_q|add_q_proj)") ? out : 0;
  }

  /**
   * The number of values that a gated feed-forward and the norm before it keep at each position, by
   * the path of its first layer; 0 for other layers.
   */
  default double gatedValues(String path, long in, long out) {
    return 0;
  }

  /** The block of a layer, which training computes again as one; null outside of blocks. */
  default String block(String path) {
    Matcher named = BLOCK.matcher(path);
    return !named.find()
        ? null
        : named.group(2) == null ? named.group() : named.group(1) + named.group(2);
  }

  /** Returns true if a layer is the last of its block. */
  boolean endsBlock(String path);

  /**
   * The number of output-sized tensors that an attention keeps; {@code weighted} if its attention
   * map is kept too.
   */
  int attentionTensors(String path, boolean weighted);

  /** The number of values that a feed-forward keeps for each output of its first layer. */
  default double feedForward() {
    return 1;
  }

  /** Returns true if queries and keys are normalised. */
  default boolean hasQkNorm() {
    return true;
  }

  /** Returns true if queries and keys are rotated by position. */
  default boolean hasRotaryEmbedding() {
    return true;
  }

  /** Returns true if a layer works on the time embedding or pooled text. */
  static boolean isTimeLayer(String path) {
    return path.matches(".*(time_|embed|norm|linear_).*") && !path.startsWith("x_embedder");
  }
}
