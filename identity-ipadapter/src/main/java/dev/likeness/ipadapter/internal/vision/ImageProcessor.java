package dev.likeness.ipadapter.internal.vision;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Quoted;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Prepares images for an image encoder: resize, centre crop, rescale to 0..1, normalise. Results
 * equal transformers' {@code CLIPImageProcessorPil} and {@code SiglipImageProcessorPil} bit by bit.
 *
 * @param size size to resize to, or null for no resize
 * @param resample the resampling filter
 * @param crop size of the centre crop, padded with black, or null for no crop
 * @param rescale factor of each byte, or 0 for no rescale
 * @param mean subtracted from red, green and blue; empty for none
 * @param std divisors of red, green and blue after that
 */
public record ImageProcessor(
    Size size,
    PillowResampling resample,
    Size crop,
    double rescale,
    List<Double> mean,
    List<Double> std) {
  private static final List<Double> CLIP_MEAN = List.of(0.48145466, 0.4578275, 0.40821073);
  private static final List<Double> CLIP_STD = List.of(0.26862954, 0.26130258, 0.27577711);
  private static final List<Double> HALF = List.of(0.5, 0.5, 0.5);

  /**
   * A size in pixels.
   *
   * @param width width, or 0 if {@code height} is the shorter side and the aspect ratio is kept
   */
  public record Size(int width, int height) {
    public Size {
      if (width < 0 || height < 1) {
        throw new IllegalArgumentException(
            "a size must be at least 1x1, got " + width + "x" + height);
      }
    }
  }

  public ImageProcessor {
    mean = List.copyOf(mean);
    std = List.copyOf(std);
    if (mean.size() != std.size() || !mean.isEmpty() && mean.size() != 3) {
      throw new IllegalArgumentException(
          "mean and std must have 3 numbers each, got " + mean + " and " + std);
    }
  }

  /** Returns CLIP's default settings for an input of {@code side} by {@code side} pixels. */
  public static ImageProcessor clip(int side) {
    return new ImageProcessor(
        new Size(0, side),
        PillowResampling.BICUBIC,
        new Size(side, side),
        1 / 255.0,
        CLIP_MEAN,
        CLIP_STD);
  }

  /**
   * Returns SigLIP's default settings: the whole image resized to the square, without its aspect
   * ratio.
   */
  public static ImageProcessor siglip(int side) {
    return new ImageProcessor(
        new Size(side, side), PillowResampling.BICUBIC, null, 1 / 255.0, HALF, HALF);
  }

  /** Reads a {@code preprocessor_config.json}; missing settings come from {@code usual}. */
  public static ImageProcessor of(ModelConfig c, ImageProcessor usual) {
    try {
      boolean normalises = c.flag("do_normalize", !usual.mean.isEmpty());
      return new ImageProcessor(
          c.flag("do_resize", true) ? size(c, "size", usual.size, usual.crop != null) : null,
          PillowResampling.of(c.integer("resample", usual.resample.code())),
          c.flag("do_center_crop", usual.crop != null)
              ? size(c, "crop_size", usual.crop, false)
              : null,
          c.flag("do_rescale", true) ? c.number("rescale_factor", 1 / 255.0) : 0,
          normalises ? numbers(c, "image_mean", usual.mean) : List.of(),
          normalises ? numbers(c, "image_std", usual.std) : List.of());
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(c.source() + ": " + e.getMessage(), e);
    }
  }

  /**
   * Returns true if prepared images have the encoder's input size. Pixels that fill no whole patch
   * may differ.
   */
  public boolean isCompatible(VisionConfig encoder) {
    Size made = outputSize();
    int patches = encoder.imageSize() / encoder.patchSize();
    return made != null
        && made.width / encoder.patchSize() == patches
        && made.height / encoder.patchSize() == patches;
  }

  /** Returns the size of prepared images, for messages. */
  public String sizeText() {
    return outputSize() == null ? "any size" : outputSize().width + "x" + outputSize().height;
  }

  /** Returns the size of all prepared images, or null if it differs between images. */
  private Size outputSize() {
    return crop != null ? crop : size != null && size.width > 0 ? size : null;
  }

  /** Prepares one image; returns pixels [1, 3, height, width], f32, CPU. */
  public Tensor preprocess(RgbImage image) {
    RgbImage sized = size == null ? image : resize(image);
    int width = crop == null ? sized.width() : crop.width;
    int height = crop == null ? sized.height() : crop.height;
    int left = Math.floorDiv(sized.width() - width, 2);
    int top = Math.floorDiv(sized.height() - height, 2);
    float[] out = new float[3 * width * height];
    for (int c = 0, at = 0; c < 3; c++) {
      for (int y = top; y < top + height; y++) {
        for (int x = left; x < left + width; x++) {
          boolean inside = x >= 0 && y >= 0 && x < sized.width() && y < sized.height();
          out[at++] = normalise(inside ? sized.at(x, y, c) : 0, c);
        }
      }
    }
    return torch.tensor(out).view(1, 3, height, width);
  }

  /** Returns an input of zeros, [1, 3, side, side]. */
  public Tensor zeros(int side) {
    return torch.zeros(1, 3, crop == null ? side : crop.height, crop == null ? side : crop.width);
  }

  private float normalise(int level, int channel) {
    float scaled = rescale == 0 ? level : (float) (level * rescale);
    return mean.isEmpty()
        ? scaled
        : (scaled - mean.get(channel).floatValue()) / std.get(channel).floatValue();
  }

  private RgbImage resize(RgbImage p) {
    if (size.width > 0) {
      return resample.resize(p, size.width, size.height);
    }
    boolean tall = p.width() <= p.height();
    int longer = (int) ((double) ((long) size.height * (tall ? p.height() : p.width()))
        / (tall ? p.width() : p.height()));
    return tall ? resample.resize(p, size.height, longer) : resample.resize(p, longer, size.height);
  }

  private static Size size(ModelConfig c, String name, Size usual, boolean shortest) {
    Object given = c.values().get(name);
    if (given instanceof Number side) {
      return new Size(shortest ? 0 : side.intValue(), side.intValue());
    }
    if (given instanceof Map<?, ?> sides) {
      if (sides.get("shortest_edge") instanceof Number side) {
        return new Size(0, side.intValue());
      }
      if (sides.get("width") instanceof Number width
          && sides.get("height") instanceof Number height) {
        return new Size(width.intValue(), height.intValue());
      }
    }
    if (given == null && usual != null) {
      return usual;
    }
    throw new IllegalArgumentException("option \"" + name + "\" is "
        + Quoted.value(given)
        + ", expected a number, {\"shortest_edge\": n} or {\"height\": n, \"width\": n}");
  }

  private static List<Double> numbers(ModelConfig c, String name, List<Double> usual) {
    Object given = c.values().get(name);
    if (given == null) {
      return usual.isEmpty() ? HALF : usual;
    }
    if (given instanceof List<?> list && list.stream().allMatch(Number.class::isInstance)) {
      return list.stream().map(n -> ((Number) n).doubleValue()).toList();
    }
    throw new IllegalArgumentException(
        "option \"" + name + "\" is " + Quoted.value(given) + ", expected three numbers");
  }
}
