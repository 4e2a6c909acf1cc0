package dev.likeness.headshots.internal.score;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Whether both eyes look to the same side, as an {@link GazeNetwork} reads them. */
public final class GazeMeasure {
  // Eyes are found a few pixels off; the mean over some places is surer.
  private static final int[] ACROSS = {-2, 0, 2};
  private static final int[] DOWN = {-1, 1};

  private GazeMeasure() {}

  /** How far apart the irises lie in both eyes, in halves of an eye's width. */
  public static double apart(FaceView view) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      TensorVector seen = new TensorVector();
      for (int dy : DOWN) {
        for (int dx : ACROSS) {
          seen.push_back(GazeNetwork.seen(view, dx, dy));
        }
      }
      // The left eye is seen in a mirror: where both look the same way, their mean is 0.
      return Math.abs(2 * Holder.NETWORK.forward(torch.cat(seen, 0)).mean().item_float());
    }
  }

  private static final class Holder {
    private static final GazeNetwork NETWORK = new GazeNetwork(ScoreNumbers.of("gaze.json.gz"));
  }
}
