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
   * Creates an average that keeps the share {@code decay} of its value at each update. The first
   * updates keep less, so that the initial weights have little effect.
   */
  public Ema(double decay) {
    this.decay = decay;
  }

  /** Updates the average with the weights after optimiser step {@code step}, counted from 1. */
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

  /** Returns the average by name. The tensors belong to this object. */
  public Map<String, Tensor> average() {
    return Collections.unmodifiableMap(average);
  }

  /** Restores the average from a checkpoint. */
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
