package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * An exponential moving average of the weights, which generates better images than the weights of a
 * single step. Not thread-safe.
 */
public final class Ema implements AutoCloseable {
  private final double decay;
  private final TensorRegion region = new TensorRegion();
  private final Map<String, Tensor> average = new LinkedHashMap<>();

  /**
   * Keeps {@code decay} of the average at each update; less in the first updates, so that the start
   * is forgotten.
   */
  public Ema(double decay) {
    this.decay = decay;
  }

  /** Takes in the weights after optimiser step {@code step}, counted from 1. */
  public void update(Map<String, Tensor> weights, long step) {
    double keep = Math.min(decay, (1.0 + step) / (10 + step));
    try (NoGradGuard guard = new NoGradGuard()) {
      weights.forEach((name, weight) -> update(name, weight, keep));
    }
  }

  private void update(String name, Tensor weight, double keep) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor old = average.get(name);
      if (old == null) {
        average.put(name, region.keep(weight.detach().to(ScalarType.Float).clone()));
      } else {
        old.lerp_(weight.to(ScalarType.Float), new Scalar(1 - keep));
      }
    }
  }

  /** The average so far, by name; owned by this. */
  public Map<String, Tensor> average() {
    return Collections.unmodifiableMap(average);
  }

  /** Goes on from a checkpoint's averages. */
  public void restore(Map<String, Tensor> averages) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      averages.forEach((name, value) -> average.put(name, region.keep(value.clone())));
    }
  }

  @Override
  public void close() {
    average.clear();
    region.close();
  }
}
