package dev.likeness.diffusion.internal.family;

/**
 * At how many places the layers of a denoising network compute for one image, and what of an
 * attention is kept for the way back: by these the memory of training is estimated. Layers go by
 * their paths.
 */
public interface LayerPositions {
  /** Tokens of a text that CLIP reads. */
  int CLIP_TOKENS = 77;

  /** Places of a layer; 1 for one that is given the time. */
  double positions(String path);

  /** Places of the stream that a layer belongs to. */
  double streamPositions(String path);

  /** How many weights each head of an attention has, by the path of its queries. */
  double attentionWeightsPerHead(String path);

  /** Heads of an attention, by the path of its queries. */
  int heads(String path);

  /** Whether a layer is the last of its block. */
  boolean endsBlock(String path);

  /**
   * How many tensors of its output's size an attention keeps; {@code weighted} where its weights
   * are kept, too.
   */
  int attentionTensors(String path, boolean weighted);

  /** How many numbers a feed-forward keeps for each that its first layer gives. */
  double feedForward();

  /** Whether queries and keys are normalised. */
  boolean hasQkNorm();

  /** Whether queries and keys are rotated by position. */
  boolean hasRotaryEmbedding();

  /** Whether a layer is given the time or a pooled text rather than places. */
  static boolean isTimeLayer(String path) {
    return path.matches(".*(time_|embed|norm|linear_).*") && !path.startsWith("x_embedder");
  }
}
