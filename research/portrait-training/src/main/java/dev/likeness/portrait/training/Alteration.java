package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.tensor.NoiseSource;
import java.util.Random;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Renders as other cameras and a drawing model would show them, so that a network does not count on
 * a render's sharpness.
 */
final class Alteration {
  /** Between the softest and the hardest of the softened images, as shares of a side. */
  private static final double SPAN = 0.45;

  private static final float[] LUMA = {0.299f, 0.587f, 0.114f};

  private Alteration() {}

  /**
   * Half of the images [n, 3, side, side] softened, as if they had been {@code softest} of a side
   * or a little more; all of them lighter or darker, flatter or harder, and grainy.
   */
  static Tensor of(Tensor images, double softest, NoiseSource noise, Random random) {
    int n = (int) images.size(0);
    int side = (int) images.size(2);
    int size = (int) (side * softest) + random.nextInt((int) (side * SPAN));
    Tensor soft = halfSoftened(images, size);
    float[] gains = new float[n];
    float[] shifts = new float[n * 3];
    for (int i = 0; i < n; i++) {
      gains[i] = 0.85f + 0.3f * random.nextFloat();
      float lighter = 0.2f * random.nextFloat() - 0.1f;
      for (int c = 0; c < 3; c++) {
        shifts[3 * i + c] = lighter + 0.06f * random.nextFloat() - 0.03f;
      }
    }
    Tensor gain = TrainingDevice.placed(torch.tensor(gains)).view(n, 1, 1, 1);
    Tensor shift = TrainingDevice.placed(torch.tensor(shifts)).view(n, 3, 1, 1);
    Tensor grain =
        TrainingDevice.noise(noise, n, 3, side, side).mul(new Scalar(0.04 * random.nextDouble()));
    return soft.mul(gain).add(shift).add(grain);
  }

  /**
   * [n, 3, side, side], a {@code share} of them, at random, without colours (ITU-R BT.601 weights).
   */
  static Tensor gray(Tensor images, double share, Random random) {
    long n = images.size(0);
    float[] coloured = new float[(int) n];
    for (int i = 0; i < n; i++) {
      coloured[i] = random.nextDouble() < share ? 0 : 1;
    }
    Tensor weights = TrainingDevice.placed(torch.tensor(LUMA)).view(1, 3, 1, 1);
    Tensor gray = images.mul(weights).sum(new long[] {1}, true, new ScalarTypeOptional());
    return gray.add(
        images.sub(gray).mul(TrainingDevice.placed(torch.tensor(coloured)).view(n, 1, 1, 1)));
  }

  /**
   * [n, channels, side, side] moved by up to {@code reach} places each way, all alike; what lies at
   * an edge is repeated.
   */
  static Tensor shifted(Tensor all, int reach, Random random) {
    Tensor moved = all;
    for (int axis = 2; axis < 4; axis++) {
      int last = (int) all.size(axis) - 1;
      int by = random.nextInt(2 * reach + 1) - reach;
      long[] places = LongStream.rangeClosed(0, last)
          .map(i -> Math.max(0, Math.min(last, i + by)))
          .toArray();
      moved = moved.index_select(axis, TrainingDevice.placed(torch.tensor(places)));
    }
    return moved;
  }

  /** The first half of [n, channels, side, side] as if each had been {@code size} small. */
  static Tensor halfSoftened(Tensor all, int size) {
    long n = all.size(0);
    long side = all.size(2);
    Tensor small = torch.adaptive_avg_pool2d(all.narrow(0, 0, n / 2), size, size);
    Tensor blurred = torch.upsample_bilinear2d(
        small, new long[] {side, side}, false, new DoubleOptional(), new DoubleOptional());
    return torch.cat(new TensorVector(blurred, all.narrow(0, n / 2, n - n / 2)), 0);
  }
}
