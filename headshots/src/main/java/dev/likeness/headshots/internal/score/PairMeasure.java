package dev.likeness.headshots.internal.score;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.EnumMap;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Whether what is worn in pairs matches, as a {@link PairNetwork} reads it: the rims of glasses,
 * hoops at the ears.
 */
public final class PairMeasure {
  // Eyes are found a few pixels off; the mean over some places is surer.
  private static final int[] PLACES = {-2, 0, 2};
  /** What is less sure on both sides is not worn. */
  private static final double LEAST = 0.5;

  private PairMeasure() {}

  /** How much less of one of the two is seen than of the other, 0 to 1; NaN where none is worn. */
  public static double mismatch(FaceView view, Worn worn) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor seen = PairNetwork.seen(view.upright, worn, PLACES, PLACES);
      Tensor shares =
          torch.sigmoid(Holder.NETWORKS.get(worn).forward(seen).view(-1, 2).mean(0));
      double right = shares.get(0).item_float();
      double left = shares.get(1).item_float();
      double stronger = Math.max(left, right);
      return stronger < LEAST ? Double.NaN : 1 - Math.min(left, right) / stronger;
    }
  }

  private static final class Holder {
    private static final Map<Worn, PairNetwork> NETWORKS = new EnumMap<>(Worn.class);

    static {
      for (Worn worn : Worn.values()) {
        NETWORKS.put(worn, new PairNetwork(ScoreNumbers.of(worn.file())));
      }
    }
  }
}
