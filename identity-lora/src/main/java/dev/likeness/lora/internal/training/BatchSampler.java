package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.lora.training.LoraTraining;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Draws each batch from the seed and the batch's number alone, so that a resumed run draws the
 * same.
 */
record BatchSampler(
    LoraTraining settings,
    List<ImageBucket> buckets,
    CaptionEncodings.Captions captions,
    Lesson lesson) {
  /** Makes batch {@code number} of a run, hands it to {@code use} and frees it. */
  void with(int number, Consumer<TrainingStep.Batch> use) {
    try (TensorScope scope = TensorScope.open()) {
      use.accept(batch(number));
    }
  }

  private TrainingStep.Batch batch(int number) {
    ImageBucket.Turn turn = ImageBucket.turn(buckets, settings.seed(), number, settings.batch());
    ImageBucket bucket = turn.bucket();
    StepDraw draw = StepDraw.of(
        settings.seed(),
        number,
        turn.number(),
        settings.batch(),
        bucket.latents().count(),
        captions.count(),
        lesson);
    if (bucket.others().count() > 0) {
      draw = draw.and(StepDraw.of(
          ~settings.seed(),
          number,
          settings.batch(),
          bucket.others().count(),
          captions.count(),
          lesson));
    }
    try (NoiseSource random = NoiseSource.seeded(draw.seeds())) {
      return batch(bucket, draw, random);
    }
  }

  private TrainingStep.Batch batch(ImageBucket bucket, StepDraw draw, NoiseSource random) {
    long[] shape = bucket.latents().shape();
    int own = settings.batch();
    Tensor clean =
        CachedLatents.draw(draw, random.next(shape), own, bucket.latents(), bucket.others());
    Tensor noise = noise(shape, random);
    Tensor seen = settings.options().inputPerturbation() == 0
        ? noise
        : noise.add(random.next(shape), new Scalar(settings.options().inputPerturbation()));
    int[] drawn = draw.pictures();
    int[] pictures =
        IntStream.range(0, own).map(i -> bucket.pictures().get(drawn[i])).toArray();
    Tensor focus = settings.options().focus() == 1 ? null : bucket.latents().focus(draw, own);
    Tensor mask = bucket.latents().masked() ? bucket.latents().masks(draw, own) : null;
    return new TrainingStep.Batch(
        clean,
        noise,
        seen,
        draw.levels(),
        captions.chosen(draw.captions(), pictures),
        own,
        focus,
        mask);
  }

  private Tensor noise(long[] shape, NoiseSource random) {
    Tensor noise = random.next(shape);
    double offset = settings.options().noiseOffset();
    return offset == 0 ? noise : noise.add(random.next(shape[0], 1, 1), new Scalar(offset));
  }

  /**
   * What chance decides in one step, from the seed and the step's number alone: a resumed run draws
   * what an unbroken one draws. One entry per picture of the batch.
   *
   * @param pictures indices; every picture is seen once before one is seen again
   * @param levels of noise, one drawn from each equal part of all that may be drawn, which steadies
   *     the loss
   * @param seeds of the noise
   */
  record StepDraw(
      int[] pictures, boolean[] mirrored, int[] captions, double[] levels, long[] seeds) {
    /** Draws {@code batch} entries for step {@code step}, counted from 0. */
    static StepDraw of(long seed, int step, int batch, int pictures, int captions, Lesson lesson) {
      return of(seed, step, step, batch, pictures, captions, lesson);
    }

    /**
     * The same where {@code turn} batches of these pictures came before, which is fewer than steps
     * with more sizes.
     */
    static StepDraw of(
        long seed, int step, int turn, int batch, int pictures, int captions, Lesson lesson) {
      SplittableRandom random = new SplittableRandom(apart(seed) + step);
      StepDraw draw = new StepDraw(
          new int[batch], new boolean[batch], new int[batch], new double[batch], new long[batch]);
      for (int i = 0; i < batch; i++) {
        draw.pictures[i] = picture(seed, (long) turn * batch + i, pictures);
        draw.mirrored[i] = random.nextBoolean();
        draw.captions[i] = random.nextInt(captions);
        draw.levels[i] = lesson.level((i + random.nextDouble()) / batch);
        // libtorch seeds its generator with 32 bits.
        draw.seeds[i] = random.nextInt() & 0xFFFFFFFFL;
      }
      return draw;
    }

    /** These entries, then {@code other}'s. */
    StepDraw and(StepDraw other) {
      StepDraw both = new StepDraw(
          joined(pictures, other.pictures),
          new boolean[pictures.length + other.pictures.length],
          joined(captions, other.captions),
          DoubleStream.concat(DoubleStream.of(levels), DoubleStream.of(other.levels))
              .toArray(),
          LongStream.concat(LongStream.of(seeds), LongStream.of(other.seeds)).toArray());
      System.arraycopy(mirrored, 0, both.mirrored, 0, mirrored.length);
      System.arraycopy(other.mirrored, 0, both.mirrored, mirrored.length, other.mirrored.length);
      return both;
    }

    private static int[] joined(int[] first, int[] second) {
      return IntStream.concat(IntStream.of(first), IntStream.of(second)).toArray();
    }

    /** Far from that of every other seed, so that no seed's chances are another's, shifted. */
    private static long apart(long seed) {
      return new SplittableRandom(seed).nextLong();
    }

    private static int picture(long seed, long seen, int count) {
      SplittableRandom random = new SplittableRandom(apart(~seed) + seen / count);
      int[] order = new int[count];
      for (int i = 0; i < count; i++) {
        int at = random.nextInt(i + 1);
        order[i] = order[at];
        order[at] = i;
      }
      return order[(int) (seen % count)];
    }
  }
}
