package dev.likeness.portrait.training.adapter;

import java.util.SplittableRandom;

/**
 * What chance decides in one step, from the seed and the step's number alone: a resumed run draws
 * what an unbroken one draws. One entry for each pair of the batch.
 *
 * @param pairs indices; every pair is seen once before one is seen again
 * @param timesteps one from each equally likely part of the schedule, which steadies the loss
 * @param seeds of the noise
 * @param blind whether the reference is hidden
 * @param silent whether the caption is hidden
 */
record PairDraw(int[] pairs, int[] timesteps, long[] seeds, boolean[] blind, boolean[] silent) {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  static PairDraw of(AdapterTraining settings, int step, int count, int length) {
    int batch = settings.batch();
    SplittableRandom random = new SplittableRandom(settings.seed() * GOLDEN + step);
    PairDraw draw = new PairDraw(
        new int[batch], new int[batch], new long[batch], new boolean[batch], new boolean[batch]);
    for (int i = 0; i < batch; i++) {
      draw.pairs[i] = pair(settings.seed(), (long) step * batch + i, count);
      double way = (i + random.nextDouble()) / batch;
      double shift = settings.timestepShift();
      draw.timesteps[i] = (int) (shift * way / (1 + (shift - 1) * way) * length);
      // libtorch seeds its generator with 32 bits.
      draw.seeds[i] = random.nextInt() & 0xFFFFFFFFL;
      double hidden = random.nextDouble() / Math.max(settings.drop(), Double.MIN_NORMAL);
      draw.blind[i] = hidden < 1 || 2 <= hidden && hidden < 3;
      draw.silent[i] = 1 <= hidden && hidden < 3;
    }
    return draw;
  }

  private static int pair(long seed, long seen, int count) {
    SplittableRandom random = new SplittableRandom(~seed * GOLDEN + seen / count);
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int at = random.nextInt(i + 1);
      order[i] = order[at];
      order[at] = i;
    }
    return order[(int) (seen % count)];
  }
}
