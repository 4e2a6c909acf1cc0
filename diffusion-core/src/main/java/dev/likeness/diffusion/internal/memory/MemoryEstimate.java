package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.tensor.MemoryBudget;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;

/**
 * The memory that a model needs, estimated from the headers of its files.
 *
 * @param components the sizes of its networks by component
 * @param network the component of the denoising network
 * @param width channels of the network: of a transformer's tokens, or of a UNet's first level
 * @param textTokens the number of text tokens of a transformer; 0 for a UNet
 * @param pixels channels of the autoencoder's level at full resolution
 * @param side pixels along one side of a token, or of a UNet's latent
 * @param defaultImageSide pixels along one side of the default image
 * @param rows the default batch size of the network for one image: 2 with guidance
 */
public record MemoryEstimate(
    Map<String, ComponentSize> components,
    String network,
    long width,
    long textTokens,
    long pixels,
    int side,
    int defaultImageSide,
    int rows) {
  /**
   * Activations of one transformer block, as a multiple of tokens times width: values in the
   * network's type; the next constant counts values in f32.
   */
  private static final double TYPED = 28;

  private static final double SINGLE = 40;
  /** Activations of a UNet, as a multiple of its first level's pixels times width. */
  private static final double UNET = 60;
  /**
   * Activations of the autoencoder's last level, as a multiple of pixels times channels: as a whole
   * and in strips, in its own type and in f32.
   */
  private static final double UNTILED = 3.5;

  private static final double UNTILED_SINGLE = 13;
  private static final double TILED = 4.75;
  private static final double TILED_SINGLE = 5.5;
  /** Bytes for encoding a prompt, in addition to the encoder's weights. */
  private static final long ENCODING = 192L << 20;

  /** Returns the budget with the model's default image size if the budget has none. */
  public MemoryBudget withDefaultSize(MemoryBudget budget) {
    return budget.size(
        budget.width().orElse(defaultImageSide), budget.height().orElse(defaultImageSide));
  }

  /** Returns the bytes of weights in memory while the component {@code busy} computes. */
  long weights(Map<String, WeightResidence> residences, int bytes, String busy) {
    return components.entrySet().stream()
        .mapToLong(part -> part.getValue()
            .bytes(residences.get(part.getKey()), bytes, part.getKey().equals(busy)))
        .sum();
  }

  /** Returns the largest memory of the three phases of a generation. */
  public long peak(
      Map<String, WeightResidence> residences,
      boolean strips,
      int bytes,
      long imageWidth,
      long imageHeight,
      int rows) {
    long most =
        weights(residences, bytes, network) + sampling(bytes, imageWidth, imageHeight, rows);
    for (String part : components.keySet()) {
      long beside =
          part.equals("vae") ? decoding(pixels, strips, bytes, imageWidth * imageHeight) : ENCODING;
      most =
          part.equals(network) ? most : Math.max(most, weights(residences, bytes, part) + beside);
    }
    return most;
  }

  private long sampling(int bytes, long imageWidth, long imageHeight, int rows) {
    long places = (imageWidth / side) * (imageHeight / side);
    return (long)
        (textTokens == 0
            ? UNET * rows * places * width * bytes
            : rows * (places + textTokens) * width * (TYPED * bytes + SINGLE));
  }

  /**
   * Returns the bytes for decoding an image, in addition to the autoencoder's weights.
   *
   * @param channels channels of the autoencoder's last level
   * @param area pixels of the image
   */
  public static long decoding(long channels, boolean strips, int bytes, long area) {
    double each = strips ? TILED * bytes + TILED_SINGLE : UNTILED * bytes + UNTILED_SINGLE;
    return (long) (each * area * channels);
  }

  /** Returns bytes as text, such as 1.5 GiB. */
  public static String gib(long bytes) {
    return gib(BigDecimal.valueOf(bytes), 1, RoundingMode.HALF_UP);
  }

  private static String gib(BigDecimal bytes, int digits, RoundingMode rounding) {
    return bytes.divide(BigDecimal.valueOf(1L << 30), digits, rounding).toPlainString() + " GiB";
  }

  /**
   * A need and the smaller limit, with as many digits as tell them apart. The need is rounded up,
   * so a limit of this figure is enough.
   */
  public record Figures(String need, String limit) {
    private static final int MOST_DIGITS = 9;

    /** The figures of a need and a limit in bytes. */
    public static Figures of(long need, long limit) {
      int digits = 2;
      while (digits < MOST_DIGITS && !areDistinct(need, limit, digits)) {
        digits++;
      }
      return at(need, limit, digits);
    }

    private static boolean areDistinct(long need, long limit, int digits) {
      Figures figures = at(need, limit, digits);
      return !figures.need.equals(figures.limit) && figures.limit.matches(".*[1-9].*");
    }

    private static Figures at(long need, long limit, int digits) {
      return new Figures(
          gib(BigDecimal.valueOf(need), digits, RoundingMode.CEILING),
          gib(BigDecimal.valueOf(limit), digits, RoundingMode.HALF_UP));
    }
  }
}
