package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.lora.training.TrainingExample;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The images of one size. All images of a batch come from one bucket.
 *
 * @param images their indices in the training set
 * @param latents the same images, encoded later
 * @param classLatents class images of this size
 */
record ImageBucket(
    int width,
    int height,
    List<Integer> images,
    CachedLatents latents,
    CachedLatents classLatents) {
  /** 2^64 by the golden ratio, the increment of SplittableRandom: spreads seeds. */
  private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

  /** The bucket of a batch, and the number of earlier batches of that bucket. */
  record Turn(ImageBucket bucket, int number) {}

  /**
   * Groups the images of a set by size, in the order of their first appearance. Sides must be
   * multiples of the target's {@link TrainingTarget#sizeMultiple}.
   */
  static List<ImageBucket> of(
      List<TrainingExample> images, TrainingTarget target, TensorRegion region) {
    int unit = target.sizeMultiple();
    Map<String, ImageBucket> buckets = new LinkedHashMap<>();
    for (int i = 0; i < images.size(); i++) {
      RgbImage image = images.get(i).image();
      if (image.width() % unit != 0 || image.height() % unit != 0) {
        throw new IllegalArgumentException("the sides of training images must be multiples of "
            + unit + " pixels, got a " + image + "; crop or resize it first");
      }
      buckets
          .computeIfAbsent(
              image.width() + "x" + image.height(),
              size -> new ImageBucket(
                  image.width(),
                  image.height(),
                  new ArrayList<>(),
                  new CachedLatents(region, target.usesMode()),
                  new CachedLatents(region, target.usesMode())))
          .images
          .add(i);
    }
    return List.copyOf(buckets.values());
  }

  /**
   * Returns the bucket of batch {@code number} of a training. In each round, in a newly shuffled
   * order, every bucket has turns in proportion to its images, so that all images are used equally
   * often. Batches are always full, because an image counts for more in a smaller one. If the rest
   * of a bucket does not fill a batch, the bucket starts again.
   */
  static Turn batchTurn(List<ImageBucket> buckets, long seed, int number, int batch) {
    int share = commonBatch(buckets, batch);
    List<Turn> round = new ArrayList<>();
    buckets.forEach(bucket -> {
      for (int i = 0; i < bucket.images.size() / share; i++) {
        round.add(new Turn(bucket, i));
      }
    });
    int past = number / round.size();
    SplittableRandom random = new SplittableRandom((seed ^ GOLDEN_RATIO) * GOLDEN_RATIO + past);
    for (int i = round.size() - 1; i > 0; i--) {
      Collections.swap(round, i, random.nextInt(i + 1));
    }
    Turn now = round.get(number % round.size());
    int before = (int) round.subList(0, number % round.size()).stream()
        .filter(t -> t.bucket == now.bucket)
        .count();
    return new Turn(now.bucket, past * (now.bucket.images.size() / share) + before);
  }

  /**
   * Returns the number of images per turn in a round: the greatest common divisor of all bucket
   * sizes and the batch size.
   */
  private static int commonBatch(List<ImageBucket> buckets, int batch) {
    return buckets.stream()
        .mapToInt(bucket -> bucket.images.size())
        .reduce(batch, ImageBucket::gcd);
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  @Override
  public boolean equals(Object other) {
    return this == other;
  }

  @Override
  public int hashCode() {
    return System.identityHashCode(this);
  }
}
