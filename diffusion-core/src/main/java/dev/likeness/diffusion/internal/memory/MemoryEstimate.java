package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.tensor.MemoryBudget;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a model needs of memory, from its files' headers alone.
 *
 * @param components the sizes of its networks by component
 * @param network the component that denoises
 * @param width channels of the network: of a transformer's tokens, of a UNet's first level
 * @param textTokens how many tokens of text a transformer has beside the image's; 0 for a UNet
 * @param pixels width of the autoencoder at full size, in channels
 * @param side pixels along one side of a token, or of a UNet's latent
 * @param defaultImageSide pixels along one side of the default image
 * @param rows how many times the network is given an image at once by default
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
   * What lies in memory of one block's work at once, in tokens times width: in the network's type,
   * and in f32.
   */
  private static final double TYPED = 28;

  private static final double SINGLE = 40;
  /** The same of a UNet, in pixels of its first level times width. */
  private static final double UNET = 60;
  /**
   * The same of the autoencoder's last level, whole and in strips: in its own type, and in f32
   * whatever that is.
   */
  private static final double UNTILED = 3.5;

  private static final double UNTILED_SINGLE = 13;
  private static final double TILED = 4.75;
  private static final double TILED_SINGLE = 5.5;
  /** What encoding a text takes beside the encoder. */
  private static final long ENCODING = 192L << 20;

  /** The budget for images of a size: the model's own where none was asked for. */
  public MemoryBudget withDefaultSize(MemoryBudget budget) {
    return budget.size(
        budget.width() == 0 ? defaultImageSide : budget.width(),
        budget.height() == 0 ? defaultImageSide : budget.height());
  }

  /** The bytes of weights in memory while {@code busy} computes. */
  long weights(Map<String, WeightResidence> residences, int bytes, String busy) {
    return components.entrySet().stream()
        .mapToLong(part -> part.getValue()
            .bytes(residences.get(part.getKey()), bytes, part.getKey().equals(busy)))
        .sum();
  }

  /** The most of the three phases of an image. */
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
   * What an autoencoder takes beside its weights while it decodes.
   *
   * @param channels of its last level
   * @param area of the image in pixels
   */
  public static long decoding(long channels, boolean strips, int bytes, long area) {
    double each = strips ? TILED * bytes + TILED_SINGLE : UNTILED * bytes + UNTILED_SINGLE;
    return (long) (each * area * channels);
  }

  /**
   * How many numbers a network has.
   *
   * @param rest those outside of its blocks
   * @param blocks those of all blocks
   * @param largest those of the largest block; 0 where it has none that can be brought in alone
   */
  public record ComponentSize(long rest, long blocks, long largest) {
    private static final Pattern BLOCK = Pattern.compile(
        "(.*\\.)?(encoder\\.block|layers|(?:single_)?transformer_blocks|(?:noise|context)_refiner)\\.(\\d+)\\..*");

    /** What widening one large matrix after another takes. */
    private static final long WIDENED = 256L << 20;

    /** Of the tensors of a component; a UNet's blocks are not a chain. */
    static ComponentSize of(TensorNames tensors, boolean chained) {
      return of(tensors, chained, name -> true);
    }

    /** The same of those tensors that are ever asked for. */
    public static ComponentSize of(TensorNames tensors, boolean chained, Predicate<String> used) {
      long rest = 0;
      Map<String, Long> blocks = new HashMap<>();
      for (String name : tensors.names().stream().filter(used).toList()) {
        long count = 1;
        for (long size : tensors.shape(name)) {
          count *= size;
        }
        Matcher block = BLOCK.matcher(name);
        if (chained && block.matches()) {
          blocks.merge(block.group(2) + "." + block.group(3), count, Long::sum);
        } else {
          rest += count;
        }
      }
      return new ComponentSize(
          rest,
          blocks.values().stream().mapToLong(Long::longValue).sum(),
          blocks.values().stream().mapToLong(Long::longValue).max().orElse(0));
    }

    /**
     * Bytes in memory at numbers of {@code width} bytes, while the part computes or while it does
     * not. Weights in one order: an image of a size that wants another keeps them in both.
     */
    public long bytes(WeightResidence residence, int width, boolean busy) {
      return switch (residence) {
        case MAPPED, RESIDENT, INT8_MATMUL -> (rest + blocks) * width;
        case INT8_BLOCKS -> rest * width + blocks + (busy ? 2 * largest * width + 4 * largest : 0);
        case INT8_MATRICES -> rest + blocks + (busy ? WIDENED : 0);
        case STREAMED -> rest * width + (busy ? 2 * largest * width : 0);
      };
    }
  }
}
