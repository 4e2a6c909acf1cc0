package dev.likeness.photos.internal.quality;

/** A mean colour: red, green and blue, 0 to 255. */
public record Tint(double red, double green, double blue) {
  /**
   * How different two colours look, 0 to about 765: distance weighted by mean red (Riemersma's
   * "redmean").
   */
  public double distance(Tint other) {
    double mean = (red + other.red) / 2;
    double r = red - other.red;
    double g = green - other.green;
    double b = blue - other.blue;
    return Math.sqrt((2 + mean / 256) * r * r + 4 * g * g + (2 + (255 - mean) / 256) * b * b);
  }
}
