package dev.likeness.ipadapter.internal.projection;

/**
 * The shape of a resampler.
 *
 * @param width width of its tokens
 * @param innerWidth width of its queries; heads are 64 wide
 * @param depth number of layers
 */
public record ResamplerConfig(long width, long innerWidth, int depth) {
  public ResamplerConfig {
    if (width < 1 || innerWidth < 1 || innerWidth > 64 && innerWidth % 64 != 0) {
      throw new IllegalArgumentException(
          "a resampler needs tokens of width 1 or more, and a query width that is 1 to 64 or a"
              + " multiple of 64, got token width " + width + " and query width " + innerWidth);
    }
  }

  /** Returns the number of attention heads. */
  public long heads() {
    return Math.max(1, innerWidth / 64);
  }
}
