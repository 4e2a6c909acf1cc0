package dev.likeness.headshots.internal.score;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Computes one number from a patch of a face: three convolutions of stride 2 and two linear layers.
 */
final class PatchNetwork {
  private final Conv2d first;
  private final Conv2d second;
  private final Conv2d third;
  private final Linear hidden;
  private final Linear out;

  /**
   * Reads the network.
   *
   * @param places cells that remain of a patch after three halvings
   * @param channels four numbers: channels of the patch and after each convolution; the hidden
   *     layer is as wide as the second convolution
   */
  PatchNetwork(Weights w, int places, int... channels) {
    first = new Conv2d(w.at("conv1"), channels[0], channels[1], 5, 2, 2);
    second = new Conv2d(w.at("conv2"), channels[1], channels[2], 3, 2, 1);
    third = new Conv2d(w.at("conv3"), channels[2], channels[3], 3, 2, 1);
    hidden = new Linear(w.at("hidden"), channels[3] * places, channels[2]);
    out = new Linear(w.at("out"), channels[2], 1);
  }

  /** The numbers, [n], for patches [n, colours, h, w]. */
  Tensor forward(Tensor patches) {
    Tensor x = torch.silu(first.forward(patches));
    x = torch.silu(third.forward(torch.silu(second.forward(x))));
    return out.forward(torch.silu(hidden.forward(x.flatten(1, -1)))).flatten(0, -1);
  }

  /**
   * Weights of a small network from a compressed JSON resource beside this class. They are never
   * released.
   */
  static final class ScoreNumbers implements Parameters {
    private final Map<String, Object> lists;
    private final TensorRegion region = new TensorRegion();

    private ScoreNumbers(Map<String, Object> lists) {
      this.lists = lists;
    }

    static Weights of(String file) {
      try (InputStream in = new GZIPInputStream(ScoreNumbers.class.getResourceAsStream(file))) {
        return Weights.of(new ScoreNumbers(JSON.std.mapFrom(in)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public boolean has(String name) {
      return lists.containsKey(name);
    }

    @Override
    public Tensor get(String name, long... shape) {
      List<?> list = (List<?>) lists.get(name);
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
