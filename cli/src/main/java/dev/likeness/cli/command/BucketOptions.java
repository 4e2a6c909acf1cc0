package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.lora.training.AspectBuckets;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The options for training on whole photos in aspect buckets, with the names of kohya's scripts.
 */
@Command(optionListHeading = "Training")
final class BucketOptions {
  @Option(
      names = "--enable-bucket",
      description =
          "trains on whole photos, in sizes of nearly equal area (aspect buckets), instead "
              + "of square crops of the head. Clothes and background are then learned too, unless "
              + "captions name them")
  private boolean enabled;

  @NumberRange(min = 1, max = NumberRange.MAX_SIDE)
  @Option(
      names = "--min-bucket-reso",
      paramLabel = "PX",
      description = "with --enable-bucket: shortest side of a bucket (default: half of --size)")
  private Integer shortest;

  @NumberRange(min = 1, max = NumberRange.MAX_SIDE)
  @Option(
      names = "--max-bucket-reso",
      paramLabel = "PX",
      description = "with --enable-bucket: longest side of a bucket (default: twice --size)")
  private Integer longest;

  @NumberRange(min = 1, max = NumberRange.MAX_SIDE)
  @Option(
      names = "--bucket-reso-steps",
      paramLabel = "PX",
      description =
          "with --enable-bucket: pixels that divide the sides of all buckets (default: 64)")
  private Integer steps;

  @Option(
      names = "--bucket-no-upscale",
      description =
          "with --enable-bucket: enlarges no photo; each has its own size, reduced to the "
              + "area of --size and rounded down to --bucket-reso-steps")
  private boolean noUpscale;

  /** Refuses options that do nothing, before any work. */
  void requireUsed() {
    if (!enabled && (shortest != null || longest != null || steps != null || noUpscale)) {
      throw new IllegalArgumentException("--min-bucket-reso, --max-bucket-reso, --bucket-reso-steps"
          + " and --bucket-no-upscale do nothing without --enable-bucket; give it too, or leave them"
          + " out");
    }
    if (noUpscale && (shortest != null || longest != null)) {
      throw new IllegalArgumentException("--min-bucket-reso and --max-bucket-reso do nothing with"
          + " --bucket-no-upscale, where the photos decide the sizes; leave them out");
    }
  }

  /**
   * Returns the buckets for training images with the area of a square; empty without the option.
   *
   * @param side side of the square in pixels
   */
  Optional<AspectBuckets> buckets(int side) {
    if (!enabled) {
      return Optional.empty();
    }
    AspectBuckets usual = AspectBuckets.of(side);
    AspectBuckets sized = usual.sides(
        shortest == null ? usual.minSide() : shortest, longest == null ? usual.maxSide() : longest);
    AspectBuckets stepped = steps == null ? sized : sized.step(steps);
    return Optional.of(stepped.noUpscale(noUpscale));
  }
}
