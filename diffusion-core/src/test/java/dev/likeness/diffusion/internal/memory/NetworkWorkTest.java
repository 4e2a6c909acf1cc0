package dev.likeness.diffusion.internal.memory;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.memory.LayerUse.AttentionUse;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The operations of layers are counted by their weights and the positions of their layout. */
class NetworkWorkTest {
  private static final double IMAGE = 64;

  private static final NetworkWork WORK = NetworkWork.of(
      new NetworkLayout.Builder(IMAGE)
          .layer("conv", LayerUse.at(IMAGE / 4))
          .layer("time", LayerUse.CONDITIONING)
          .layer(
              "to_q",
              LayerUse.at(IMAGE).asking(new AttentionUse(2, IMAGE * IMAGE, 5, 4, false, false)))
          .build(),
      Map.of(
          "conv", new long[] {8, 4, 3, 3},
          "time", new long[] {16, 8},
          "to_q", new long[] {8, 8},
          "undeclared", new long[] {2, 8, 1, 1}));

  @Test
  void countsEachKindOfLayer() {
    assertEquals(2.0 * 8 * 4 * 9 * IMAGE / 4, WORK.convolutions());
    assertEquals(2.0 * (16 * 8 + 8 * 8 * IMAGE + 2 * 8 * IMAGE), WORK.products());
    assertEquals(4 * IMAGE * IMAGE * 8, WORK.attention());
    assertEquals(WORK.convolutions() + WORK.products() + WORK.attention(), WORK.operations());
    assertEquals(3 * WORK.operations(), WORK.plus(WORK.times(2)).operations());
  }

  @Test
  void timeGrowsWithTheWork() {
    ComputeRate rate = new ComputeRate(1e9, 2e9, 5e8, 4e8, 1e9, 0);
    NetworkWork work = new NetworkWork(1e9, 4e9, 1e9);
    assertEquals(1 + 2 + 2, rate.seconds(work));
    assertEquals(2 * (2.5 + 4 + 4), rate.trainingSeconds(work));
  }

  @Test
  void measuresThisMachine() {
    LibTorch.load();
    ComputeRate rate = ComputeRate.measure(Compute.of("cpu", "f32"));
    for (double each : new double[] {
      rate.convolutions(),
      rate.products(),
      rate.attention(),
      rate.convolutionGradients(),
      rate.productGradients()
    }) {
      // A processor of any age computes more than a million operations a second, none 10^16.
      assertTrue(each > 1e6 && each < 1e16, rate.toString());
    }
  }
}
