package dev.likeness.lora.training;

import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeSet;

/**
 * Aspect buckets: image sizes of nearly equal area, so that images of any aspect ratio need little
 * cropping (NovelAI 2022, "aspect ratio bucketing"). Images of one size form a batch. The sizes,
 * the size of each image, and its crop are those of kohya's sd-scripts
 * ({@code make_bucket_resolutions}, {@code BucketManager.select_bucket},
 * {@code trim_and_resize_if_required}). Immutable.
 *
 * @param side side in pixels of a square with the area of the buckets, from 1; no bucket has more
 * @param minSide shortest side of a bucket in pixels, at most {@code side}; rounded down to a
 *     multiple of {@code step}
 * @param maxSide longest side of a bucket in pixels, at least {@code side}; rounded up to a
 *     multiple of {@code step}
 * @param step number of pixels that divides all widths and heights, from 1, at most {@code side}
 * @param noUpscale true if no image is enlarged: each image has its own size, reduced to the area
 *     if it is larger, and rounded down to the step. {@code minSide} and {@code maxSide} are not
 *     used
 */
public record AspectBuckets(int side, int minSide, int maxSide, int step, boolean noUpscale) {
  /** The usual {@link #step}. */
  public static final int STEP = 64;

  /**
   * An image size in pixels.
   *
   * @param width the width in pixels
   * @param height the height in pixels
   */
  public record Size(int width, int height) {
    double ratio() {
      return (double) width / height;
    }
  }

  /**
   * What becomes of an image: it is resized, and its centre is cropped.
   *
   * @param resized the size of the whole image before the crop
   * @param bucket the size after the crop
   */
  public record Fit(Size resized, Size bucket) {}

  /**
   * Checks the sizes.
   *
   * @throws IllegalArgumentException if a size is out of its range
   */
  public AspectBuckets {
    if (step < 1 || side < step) {
      throw new IllegalArgumentException(
          "aspect buckets need a step of at least 1 and a side that is not smaller than the step,"
              + " got step " + step + " and side " + side);
    }
    if (minSide < 1 || minSide > side || maxSide < side) {
      throw new IllegalArgumentException(
          "the shortest side of aspect buckets must be from 1 to the training size " + side
              + ", and the longest side at least " + side + ", got " + minSide + " and " + maxSide);
    }
  }

  /**
   * {@return buckets whose sides are from half to twice of {@code side}, in steps of {@value #STEP}
   * pixels, or of {@code side} if that is smaller} At 512 pixels, these are the defaults of kohya's
   * scripts.
   *
   * @param side side in pixels of a square with the area of the buckets, from 2; such as 512 for
   *     Stable Diffusion 1.x, and 1024 for SDXL
   */
  public static AspectBuckets of(int side) {
    return new AspectBuckets(side, Math.max(1, side / 2), 2 * side, Math.min(STEP, side), false);
  }

  /**
   * {@return buckets with another {@link #minSide} and {@link #maxSide}}
   *
   * @param shortest shortest side of a bucket in pixels
   * @param longest longest side of a bucket in pixels
   */
  public AspectBuckets sides(int shortest, int longest) {
    return new AspectBuckets(side, shortest, longest, step, noUpscale);
  }

  /**
   * {@return buckets with another {@link #step}}
   *
   * @param pixels number of pixels that divides all widths and heights
   */
  public AspectBuckets step(int pixels) {
    return new AspectBuckets(side, minSide, maxSide, pixels, noUpscale);
  }

  /**
   * {@return buckets with another {@link #noUpscale}}
   *
   * @param only true if no image is enlarged
   */
  public AspectBuckets noUpscale(boolean only) {
    return new AspectBuckets(side, minSide, maxSide, step, only);
  }

  /**
   * {@return the sizes, narrowest first; empty with {@link #noUpscale}, where the images decide}
   */
  public List<Size> sizes() {
    if (noUpscale) {
      return List.of();
    }
    int shortest = Math.max(step, minSide - minSide % step);
    int longest = (maxSide + step - 1) / step * step;
    TreeSet<Size> sizes =
        new TreeSet<>(Comparator.comparingInt(Size::width).thenComparingInt(Size::height));
    sizes.add(new Size(side - side % step, side - side % step));
    for (int width = shortest; width <= longest; width += step) {
      int height = Math.min(longest, floor((int) ((long) side * side / width)));
      if (height >= shortest) {
        sizes.add(new Size(width, height));
        sizes.add(new Size(height, width));
      }
    }
    return new ArrayList<>(sizes);
  }

  /**
   * {@return what becomes of an image of a size}
   *
   * @param width the width in pixels, from 1
   * @param height the height in pixels, from 1
   * @throws IllegalArgumentException if {@link #noUpscale} is set and a side is smaller than the
   *     step
   */
  public Fit fit(int width, int height) {
    return noUpscale ? reduced(width, height) : inBucket(width, height);
  }

  private Fit inBucket(int width, int height) {
    double ratio = (double) width / height;
    Size own = new Size(width, height);
    List<Size> sizes = sizes();
    Size bucket = sizes.contains(own)
        ? own
        : sizes.stream()
            .min(Comparator.comparingDouble(size -> Math.abs(size.ratio() - ratio)))
            .orElseThrow();
    double scale =
        ratio > bucket.ratio() ? (double) bucket.height / height : (double) bucket.width / width;
    return new Fit(new Size(round(width * scale), round(height * scale)), bucket);
  }

  private Fit reduced(int width, int height) {
    long area = (long) side * side;
    Size resized = (long) width * height > area
        ? reduced((double) width / height, area)
        : new Size(width, height);
    Size bucket = new Size(floor(resized.width), floor(resized.height));
    if (bucket.width < 1 || bucket.height < 1) {
      throw new IllegalArgumentException("an image of " + width + "x" + height
          + " pixels has a side below the step of " + step
          + " pixels of the buckets, and is not enlarged; leave it out, or use a smaller step");
    }
    return new Fit(resized, bucket);
  }

  // One side becomes a multiple of the step: the one whose rounding changes the ratio less.
  private Size reduced(double ratio, long area) {
    double width = Math.sqrt(area * ratio);
    double height = area / width;
    int wide = floor(round(width));
    int high = floor(round(height));
    double byWidth = ratioError(wide, floor(round(wide / ratio)), ratio);
    double byHeight = ratioError(floor(round(high * ratio)), high, ratio);
    return byWidth < byHeight
        ? new Size(wide, round(wide / ratio))
        : new Size(round(high * ratio), high);
  }

  private static double ratioError(int width, int height, double ratio) {
    return Math.abs((double) width / height - ratio);
  }

  private int floor(int pixels) {
    return pixels - pixels % step;
  }

  private static int round(double pixels) {
    return (int) (pixels + 0.5);
  }

  /**
   * Resizes an image to its bucket and crops its centre.
   *
   * @param image an image of any size
   * @return an example with the image, without caption, focus area or mask
   * @throws IllegalArgumentException if {@link #noUpscale} is set and a side is smaller than the
   *     step
   */
  public TrainingExample fit(RgbImage image) {
    Fit fit = fit(image.width(), image.height());
    RgbImage resized = fit.resized.equals(new Size(image.width(), image.height()))
        ? image
        : PillowResampling.LANCZOS.resize(image, fit.resized.width, fit.resized.height);
    int left = Math.max(0, (fit.resized.width - fit.bucket.width) / 2);
    int top = Math.max(0, (fit.resized.height - fit.bucket.height) / 2);
    return TrainingExample.of(resized.crop(left, top, fit.bucket.width, fit.bucket.height));
  }
}
