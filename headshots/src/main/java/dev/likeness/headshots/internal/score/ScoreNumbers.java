package dev.likeness.headshots.internal.score;

import com.fasterxml.jackson.jr.ob.JSON;
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
 * Weights of a small network that stay for good, from a compressed file of lists of numbers beside
 * these classes.
 */
final class ScoreNumbers implements Parameters {
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
