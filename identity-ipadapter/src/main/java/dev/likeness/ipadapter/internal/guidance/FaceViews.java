package dev.likeness.ipadapter.internal.guidance;

import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Ways of looking at a face all at once: aligned a little differently, every second as in a mirror.
 * What an embedder takes for the person in all of them is a face rather than a pattern that
 * deceives it, and eyes may be found some pixels off.
 */
final class FaceViews {
  static final int COUNT = 6;
  /**
   * The farthest shift of half a face's width, the greatest turn in radians, and how much larger or
   * smaller at most.
   */
  private static final double FARTHEST = 0.06;

  private static final int ENTRIES = 9;

  private FaceViews() {}

  /** Those of a row, [6, 3, 3], other ones in the next: affine maps of places from -1 to 1. */
  static Tensor of(int row) {
    Random random = new Random(row);
    float[] maps = new float[COUNT * ENTRIES];
    for (int i = 0; i < COUNT; i++) {
      double scale = 1 + amount(random);
      double turn = amount(random);
      double mirrored = i % 2 == 0 ? 1 : -1;
      double[] map = {
        mirrored * scale * Math.cos(turn),
        -scale * Math.sin(turn),
        amount(random),
        mirrored * scale * Math.sin(turn),
        scale * Math.cos(turn),
        amount(random),
        0,
        0,
        1
      };
      for (int j = 0; j < ENTRIES; j++) {
        maps[i * ENTRIES + j] = (float) map[j];
      }
    }
    return torch.tensor(maps).view(COUNT, 3, 3);
  }

  private static double amount(Random random) {
    return FARTHEST * (2 * random.nextDouble() - 1);
  }
}
