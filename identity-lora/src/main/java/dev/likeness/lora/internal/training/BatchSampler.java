package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.ShuffledOrder;
import dev.likeness.lora.training.TrainingSettings;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Samples each batch from only the seed and the number of the batch, so that a resumed training
 * gets the same batches.
 */
record BatchSampler(
    TrainingSettings settings,
    List<ImageBucket> buckets,
    CaptionEncodings.Captions captions,
    TrainingObjective objective) {
  /** Creates batch {@code number} of a training, passes it to {@code use} and frees it. */
  void withBatch(int number, Consumer<TrainingStep.Batch> use) {
    try (TensorScope scope = TensorScope.open()) {
      use.accept(newBatch(number));
    }
  }

  private TrainingStep.Batch newBatch(int number) {
    ImageBucket.Turn turn =
        ImageBucket.batchTurn(buckets, settings.seed(), number, settings.batchSize());
    ImageBucket bucket = turn.bucket();
    BatchSample sampled = BatchSample.of(
        settings.seed(),
        number,
        turn.number(),
        settings.batchSize(),
        bucket.latents().count(),
        captions.templates(),
        objective);
    if (bucket.classLatents().count() > 0) {
      sampled = sampled.concat(BatchSample.of(
          ~settings.seed(),
          number,
          settings.batchSize(),
          bucket.classLatents().count(),
          captions.templates(),
          objective));
    }
    try (NoiseSource random = NoiseSource.seeded(sampled.seeds())) {
      return newBatch(bucket, sampled, random);
    }
  }

  private TrainingStep.Batch newBatch(ImageBucket bucket, BatchSample sampled, NoiseSource random) {
    long[] shape = bucket.latents().shape();
    int own = settings.batchSize();
    Tensor clean = CachedLatents.sample(
        sampled, random.next(shape), own, bucket.latents(), bucket.classLatents());
    Tensor noise = sampleNoise(shape, random);
    Tensor seen = settings.inputPerturbation() == 0
        ? noise
        : noise.add(random.next(shape), new Scalar(settings.inputPerturbation()));
    int[] indices = sampled.images();
    int[] images =
        IntStream.range(0, own).map(i -> bucket.images().get(indices[i])).toArray();
    Tensor focus = settings.focusWeight() == 1 ? null : bucket.latents().focus(sampled, own);
    Tensor mask = bucket.latents().hasMasks() ? bucket.latents().masks(sampled, own) : null;
    return new TrainingStep.Batch(
        clean,
        noise,
        seen,
        sampled.levels(),
        captions.select(sampled.captions(), images),
        own,
        focus,
        mask);
  }

  private Tensor sampleNoise(long[] shape, NoiseSource random) {
    Tensor noise = random.next(shape);
    double offset = settings.noiseOffset();
    return offset == 0 ? noise : noise.add(random.next(shape[0], 1, 1), new Scalar(offset));
  }

  /**
   * The random choices of one batch. They depend only on the seed and the number of the batch, so a
   * resumed training makes the same choices. Each array has one entry per image of the batch.
   *
   * @param images indices; every image is used once before one is used again
   * @param levels of noise, one sampled from each equal part of their range, which reduces the
   *     variance of the loss
   * @param seeds seeds of the noise
   */
  record BatchSample(
      int[] images, boolean[] mirrored, int[] captions, double[] levels, long[] seeds) {
    /** Samples {@code batch} entries for batch {@code number}, counted from 0. */
    static BatchSample of(
        long seed, int number, int batch, int images, int captions, TrainingObjective objective) {
      return of(seed, number, number, batch, images, captions, objective);
    }

    /**
     * Samples entries if {@code turn} batches of these images came before. That is fewer than the
     * batches if there are several sizes.
     */
    static BatchSample of(
        long seed,
        int number,
        int turn,
        int batch,
        int images,
        int captions,
        TrainingObjective objective) {
      SplittableRandom random = new SplittableRandom(mixSeed(seed) + number);
      BatchSample sampled = new BatchSample(
          new int[batch], new boolean[batch], new int[batch], new double[batch], new long[batch]);
      for (int i = 0; i < batch; i++) {
        sampled.images[i] = imageIndex(seed, (long) turn * batch + i, images);
        sampled.mirrored[i] = random.nextBoolean();
        sampled.captions[i] = random.nextInt(captions);
        sampled.levels[i] = objective.sampleLevel((i + random.nextDouble()) / batch);
        // libtorch uses only 32 bits of a seed.
        sampled.seeds[i] = random.nextInt() & 0xFFFFFFFFL;
      }
      return sampled;
    }

    /** Returns these entries, followed by those of {@code other}. */
    BatchSample concat(BatchSample other) {
      BatchSample both = new BatchSample(
          concatArrays(images, other.images),
          new boolean[images.length + other.images.length],
          concatArrays(captions, other.captions),
          DoubleStream.concat(DoubleStream.of(levels), DoubleStream.of(other.levels))
              .toArray(),
          LongStream.concat(LongStream.of(seeds), LongStream.of(other.seeds)).toArray());
      System.arraycopy(mirrored, 0, both.mirrored, 0, mirrored.length);
      System.arraycopy(other.mirrored, 0, both.mirrored, mirrored.length, other.mirrored.length);
      return both;
    }

    private static int[] concatArrays(int[] first, int[] second) {
      return IntStream.concat(IntStream.of(first), IntStream.of(second)).toArray();
    }

    /** Returns a seed far from that of every other seed, so that no two sequences overlap. */
    private static long mixSeed(long seed) {
      return new SplittableRandom(seed).nextLong();
    }

    private static int imageIndex(long seed, long seen, int count) {
      SplittableRandom random = new SplittableRandom(mixSeed(~seed) + seen / count);
      return ShuffledOrder.of(random, count)[(int) (seen % count)];
    }
  }
}
