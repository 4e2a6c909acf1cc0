package dev.likeness.lora.internal.training;

import dev.likeness.lora.Lesson;
import java.util.SplittableRandom;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * What chance decides in one step, from the seed and the step's number alone: a resumed run draws
 * what an unbroken one draws. One entry per picture of the batch.
 *
 * @param pictures indices; every picture is seen once before one is seen again
 * @param levels of noise, one drawn from each equal part of all that may be drawn, which steadies
 *     the loss
 * @param seeds of the noise
 */
record StepDraw(int[] pictures, boolean[] mirrored, int[] captions, double[] levels, long[] seeds) {
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
