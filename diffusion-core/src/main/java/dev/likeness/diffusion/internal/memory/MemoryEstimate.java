package dev.likeness.diffusion.internal.memory;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Map;

/**
 * The memory that a generation needs, estimated from the headers of a model's files.
 *
 * @param components the sizes of its networks by component
 * @param network the component of the denoising network
 * @param activations what the networks need while they compute
 */
public record MemoryEstimate(
    Map<String, ComponentSize> components, String network, ForwardMemory activations) {
  /** Bytes for encoding a prompt, in addition to the encoder's weights. */
  private static final long ENCODING = 192L << 20;

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
    long most = weights(residences, bytes, network)
        + activations.sampling(bytes, imageWidth, imageHeight, rows);
    for (String part : components.keySet()) {
      long beside = part.equals("vae")
          ? ForwardMemory.decoding(
              activations.decodedChannels(), strips, bytes, imageWidth * imageHeight)
          : ENCODING;
      most =
          part.equals(network) ? most : Math.max(most, weights(residences, bytes, part) + beside);
    }
    return most;
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
