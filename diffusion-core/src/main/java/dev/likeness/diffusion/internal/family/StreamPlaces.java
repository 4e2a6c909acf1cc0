package dev.likeness.diffusion.internal.family;

/**
 * Places of transformers with blocks of two streams.
 *
 * @param image tokens of the image
 * @param text tokens of the text
 */
public record StreamPlaces(double image, int text, int heads, boolean normed, boolean rotated)
    implements LayerPlaces {
  /** Those of latents of {@code places} places, four to a token. */
  public static StreamPlaces of(int places, int text, int heads, boolean normed, boolean rotated) {
    return new StreamPlaces(places / 4, text, heads, normed, rotated);
  }

  @Override
  public double of(String path) {
    return LayerPlaces.isOfTime(path) ? 1 : stream(path);
  }

  @Override
  public double stream(String path) {
    boolean ofText = path.contains("add_") || path.contains("context");
    return ofText ? text : path.startsWith("single") ? image + text : image;
  }

  @Override
  public double weights(String path) {
    double asking = path.contains("attn2") ? of(path) : image + text;
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

  @Override
  public double feedForward() {
    return 1;
  }
}
