package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.nn.F8Linear;
import dev.likeness.diffusion.tensor.MemoryBudget;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

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

  /**
   * A number of values.
   *
   * @param all the values
   * @param inF8 those of matrices that a layer can use as the file's f8
   */
  public record ValueCount(long all, long inF8) {
    private static final ValueCount NONE = new ValueCount(0, 0);

    static ValueCount of(TensorNames tensors, String name) {
      long values = tensors.elements(name);
      return new ValueCount(values, F8Linear.isStoredIn(tensors, name) ? values : 0);
    }

    private ValueCount plus(ValueCount more) {
      return new ValueCount(all + more.all, inF8 + more.inF8);
    }

    /** Returns the bytes if matrices in f8 stay so, and other values take {@code width} bytes. */
    private long bytesInF8(int width) {
      return (all - inF8) * width + inF8;
    }
  }

  /**
   * The number of values of a network.
   *
   * @param rest values outside of blocks
   * @param blocks values of all blocks
   * @param largest values of the largest block; none if blocks cannot be loaded one by one
   */
  public record ComponentSize(ValueCount rest, ValueCount blocks, ValueCount largest) {
    private static final Pattern BLOCK = Pattern.compile(
        "(.*\\.)?(encoder\\.block|layers|(?:single_)?transformer_blocks|(?:noise|context)_refiner)\\.(\\d+)\\..*");

    /**
     * The bytes of a value in a packed form for products in 8 bits, with the gaps that glibc keeps.
     * Measured with FLUX.2 klein 4B in bf16 and f32.
     */
    private static final int PACKED = 2;

    /** Bytes for converting one large matrix after another. */
    private static final long WIDENED = 256L << 20;

    /** Returns true if a tensor of a chained component is in one of its blocks. */
    static boolean isInBlock(String name) {
      return BLOCK.matcher(name).matches();
    }

    /** Returns the size of a component. A UNet's blocks are not a chain. */
    static ComponentSize of(TensorNames tensors, boolean chained) {
      return of(tensors, chained, name -> true);
    }

    /** Returns the size of a component, counting only tensors that are used. */
    public static ComponentSize of(TensorNames tensors, boolean chained, Predicate<String> used) {
      ValueCount rest = ValueCount.NONE;
      Map<String, ValueCount> blocks = new HashMap<>();
      for (String name : tensors.names().stream().filter(used).toList()) {
        ValueCount count = ValueCount.of(tensors, name);
        Matcher block = BLOCK.matcher(name);
        if (chained && block.matches()) {
          blocks.merge(block.group(2) + "." + block.group(3), count, ValueCount::plus);
        } else {
          rest = rest.plus(count);
        }
      }
      return new ComponentSize(
          rest,
          blocks.values().stream().reduce(ValueCount.NONE, ValueCount::plus),
          blocks.values().stream()
              .max(Comparator.comparingLong(ValueCount::all))
              .orElse(ValueCount.NONE));
    }

    /**
     * Returns the bytes in memory at {@code width} bytes a value, while the component computes or
     * is idle. Only one packed form of each weight counts; an image of a size that needs another
     * form keeps both.
     */
    public long bytes(WeightResidence residence, int width, boolean busy) {
      long wide = rest.all * width;
      long widened = busy ? WIDENED : 0;
      return switch (residence) {
        case MAPPED, RESIDENT -> wide + blocks.all * width;
        case INT8_MATMUL -> wide + blocks.all * Math.min(width, PACKED) + widened;
        case INT8_BLOCKS ->
          wide + blocks.all + (busy ? 2 * largest.all * width + 4 * largest.all : 0);
        case INT8_MATRICES -> rest.all + blocks.all + widened;
        case F8_MATRICES -> wide + blocks.bytesInF8(width) + widened;
        case F8_MATMUL -> rest.bytesInF8(width) + blocks.bytesInF8(width) + widened;
        case F8_STREAMED -> wide + (busy ? 2 * largest.bytesInF8(width) : 0) + widened;
        case STREAMED -> wide + (busy ? 2 * largest.all * width : 0);
      };
    }
  }
}
