package dev.likeness.headshots.score;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.Parameters;
import dev.likeness.diffusion.weights.Weights;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** Whether both eyes look to the same side, as an {@link EyeNetwork} reads them. */
final class GazeMeasure {
  // Eyes are found a few pixels off; the mean over some places is surer.
  private static final int[] ACROSS = {-2, 0, 2};
  private static final int[] DOWN = {-1, 1};

  private GazeMeasure() {}

  /** How far apart the irises lie in both eyes, in halves of an eye's width. */
  static double apart(View view) {
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      TensorVector seen = new TensorVector();
      for (int dy : DOWN) {
        for (int dx : ACROSS) {
          seen.push_back(EyeNetwork.seen(view, dx, dy));
        }
      }
      // The left eye is seen in a mirror: where both look the same way, their mean is 0.
      return Math.abs(2 * Holder.NETWORK.forward(torch.cat(seen, 0)).mean().item_float());
    }
  }

  private static final class Holder {
    private static final EyeNetwork NETWORK = new EyeNetwork(Weights.of(new Numbers(read())));

    private static Map<String, List<?>> read() {
      try (InputStream in = GazeMeasure.class.getResourceAsStream("gaze.json")) {
        Map<String, List<?>> numbers = new HashMap<>();
        JSON.std.mapFrom(in).forEach((name, list) -> numbers.put(name, (List<?>) list));
        return numbers;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /** Weights that stay for good. */
  private record Numbers(Map<String, List<?>> lists, TensorRegion region) implements Parameters {
    Numbers(Map<String, List<?>> lists) {
      this(lists, new TensorRegion());
    }

    @Override
    public boolean has(String name) {
      return lists.containsKey(name);
    }

    @Override
    public Tensor get(String name, long... shape) {
      List<?> list = lists.get(name);
      float[] numbers = new float[list.size()];
      for (int i = 0; i < numbers.length; i++) {
        numbers[i] = ((Number) list.get(i)).floatValue();
      }
      try (TensorScope scope = TensorScope.open()) {
        return region.keep(torch.tensor(numbers).view(shape));
      }
    }
  }
}
