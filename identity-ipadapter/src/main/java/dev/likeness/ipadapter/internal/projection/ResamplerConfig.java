package dev.likeness.ipadapter.internal.projection;

/**
 * The shape of a resampler.
 *
 * @param width width of its tokens
 * @param innerWidth width of its queries, of all heads together
 * @param depth number of layers
 * @param headWidth width of a head
 */
public record ResamplerConfig(long width, long innerWidth, int depth, int headWidth) {
  private static final int USUAL_HEAD_WIDTH = 64;

  public ResamplerConfig {
    if (width < 1 || innerWidth < 1 || innerWidth > headWidth && innerWidth % headWidth != 0) {
      throw new IllegalArgumentException("a resampler needs tokens of width 1 or more, and a query"
          + " width that is 1 to " + headWidth + " or a multiple of " + headWidth
          + ", got token width " + width + " and query width " + innerWidth);
    }
  }

  /** Makes the shape of a resampler with heads of width 64, as almost all have. */
  public ResamplerConfig(long width, long innerWidth, int depth) {
    this(width, innerWidth, depth, USUAL_HEAD_WIDTH);
  }

  /** Returns the number of attention heads. */
  public long heads() {
    return Math.max(1, innerWidth / headWidth);
  }
}
