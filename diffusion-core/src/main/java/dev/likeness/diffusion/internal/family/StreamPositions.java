package dev.likeness.diffusion.internal.family;

/**
 * Positions of transformers with double-stream blocks.
 *
 * @param imagePositions tokens of the image
 * @param textTokens tokens of the text
 */
public record StreamPositions(
    double imagePositions, int textTokens, int heads, boolean hasQkNorm, boolean hasRotaryEmbedding)
    implements LayerPositions {
  /** The positions of latents of {@code places} pixels, four to a token. */
  public static StreamPositions of(
      int places, int text, int heads, boolean normed, boolean rotated) {
    return new StreamPositions(places / 4, text, heads, normed, rotated);
  }

  @Override
  public double positions(String path) {
    return LayerPositions.isTimeLayer(path) ? 1 : streamPositions(path);
  }

  @Override
  public double streamPositions(String path) {
    boolean ofText = path.contains("add_") || path.contains("context");
    return ofText
        ? textTokens
        : path.startsWith("single") ? imagePositions + textTokens : imagePositions;
  }

  @Override
  public double attentionWeightsPerHead(String path) {
    double asking = path.contains("attn2") ? positions(path) : imagePositions + textTokens;
    return asking * asking;
  }

  @Override
  public int heads(String path) {
    return heads;
  }

  @Override
  public boolean endsBlock(String path) {
    return path.matches(".*(net\\.2|transformer.*proj_out)");
  }

  @Override
  public int attentionTensors(String path, boolean weighted) {
    return (path.contains("attn2") ? 4 : 5) - (weighted ? 1 : 0);
  }
}
