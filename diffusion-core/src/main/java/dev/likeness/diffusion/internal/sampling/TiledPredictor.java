package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.schedulers.Step;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A network that predicts a large sample in overlapping windows, whose predictions are averaged at
 * every step: MultiDiffusion (Bar-Tal et al. 2023, arXiv:2302.08113, equation 5).
 *
 * <p>Each window's weight falls towards its edges, which avoids seams. Not for networks with a mask
 * or reference image, nor for regional adapters
 * ({@link dev.likeness.diffusion.request.Adapter#isRegional}), because these do not move with the
 * windows. Not with {@link dev.likeness.diffusion.request.CachingOptions} or stateful rules
 * ({@link GuidanceRule#isStateful}), because a window would continue from another window's
 * prediction.
 */
public final class TiledPredictor implements Predictor {
  private final Predictor network;
  private final long window;
  private final long stride;

  private TiledPredictor(Predictor network, long window, long stride) {
    this.network = network;
    this.window = window;
    this.stride = stride;
  }

  /**
   * Wraps a network.
   *
   * @param window the side of a window in latent pixels
   * @param stride the largest distance of two windows in latent pixels, 1..{@code window}
   * @throws IllegalArgumentException if the stride is not in this range
   */
  public static TiledPredictor of(Predictor network, int window, int stride) {
    if (stride < 1 || stride > window) {
      throw new IllegalArgumentException("the stride must be in 1.." + window + " for windows of "
          + window + " latent pixels, got " + stride);
    }
    return new TiledPredictor(network, window, stride);
  }

  @Override
  public Tensor predict(Tensor input, Step step) {
    long height = input.size(2);
    long width = input.size(3);
    if (height <= window && width <= window) {
      return network.predict(input, step);
    }
    long h = Math.min(window, height);
    long w = Math.min(window, width);
    Tensor weight =
        Tensors.toDeviceOf(input, weight(h).unsqueeze(1).mul(weight(w).unsqueeze(0)));
    Tensor sum = null;
    Tensor weights = torch.zeros_like(input.narrow(0, 0, 1).narrow(1, 0, 1));
    for (long y : windowStarts(height, h)) {
      for (long x : windowStarts(width, w)) {
        try (TensorScope scope = TensorScope.open()) {
          Tensor prediction =
              network.predict(input.narrow(2, y, h).narrow(3, x, w).contiguous(), step);
          // Some rows have guided and unguided predictions, in twice the batch.
          sum = sum == null
              ? scope.promote(
                  input.new_zeros(prediction.size(0), prediction.size(1), height, width))
              : sum;
          sum.narrow(2, y, h).narrow(3, x, w).add_(prediction.mul(weight));
          weights.narrow(2, y, h).narrow(3, x, w).add_(weight);
        }
      }
    }
    return sum.div_(weights);
  }

  /** The starts of the windows: evenly spaced between the edges, at most a stride apart. */
  private List<Long> windowStarts(long length, long size) {
    long gaps = (length - size + stride - 1) / stride;
    List<Long> places = new ArrayList<>();
    for (long i = 0; i <= gaps; i++) {
      places.add(gaps == 0 ? 0 : Math.round((double) i * (length - size) / gaps));
    }
    return places;
  }

  // A raised cosine above 0, because only one window covers the sample's edges.
  private static Tensor weight(long size) {
    float[] values = new float[(int) size];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.02 + 0.98 * Math.pow(Math.sin(Math.PI * (i + 0.5) / size), 2));
    }
    return torch.tensor(values);
  }
}
