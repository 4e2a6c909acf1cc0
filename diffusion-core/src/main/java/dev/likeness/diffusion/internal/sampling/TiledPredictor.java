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
 * A network that sees a large sample through overlapping windows of the size it knows, its answers
 * averaged where they overlap at every step, so that the windows agree on one image: MultiDiffusion
 * (Bar-Tal et al. 2023, arXiv:2302.08113, equation 5). Each window's weight falls towards its
 * edges, which leaves no seams. Whoever is attached to the network is attached in every window. Not
 * for networks that are shown a mask or an image, nor for adapters that act in places of the image
 * ({@link dev.likeness.diffusion.request.Adapter#isRegional}): these places do not move along. Nor
 * for networks that remember what they answered, by an
 * {@link dev.likeness.diffusion.request.CachingOptions} or a rule with momentum
 * ({@link GuidanceRule#isStateful}): a window would go on from what another one said, and requests
 * for both are refused.
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
   * Windows of {@code window} by {@code window} latents, one every {@code stride} at most.
   *
   * @throws IllegalArgumentException unless 1 &lt;= stride &lt;= window
   */
  public static TiledPredictor of(Predictor network, int window, int stride) {
    if (stride < 1 || stride > window) {
      throw new IllegalArgumentException("windows of " + window + " latents every " + stride
          + " leave gaps or go nowhere; give a stride of 1 to " + window);
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
          Tensor answer = network.predict(input.narrow(2, y, h).narrow(3, x, w).contiguous(), step);
          // Some rows are answered with and without guidance, in twice the batch.
          sum = sum == null
              ? scope.promote(input.new_zeros(answer.size(0), answer.size(1), height, width))
              : sum;
          sum.narrow(2, y, h).narrow(3, x, w).add_(answer.mul(weight));
          weights.narrow(2, y, h).narrow(3, x, w).add_(weight);
        }
      }
    }
    return sum.div_(weights);
  }

  /** Where windows begin: evenly spread from edge to edge, no further apart than the stride. */
  private List<Long> windowStarts(long length, long size) {
    long gaps = (length - size + stride - 1) / stride;
    List<Long> places = new ArrayList<>();
    for (long i = 0; i <= gaps; i++) {
      places.add(gaps == 0 ? 0 : Math.round((double) i * (length - size) / gaps));
    }
    return places;
  }

  // A raised cosine that never quite reaches 0, since at the sample's own edges nothing else
  // counts.
  private static Tensor weight(long size) {
    float[] values = new float[(int) size];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (0.02 + 0.98 * Math.pow(Math.sin(Math.PI * (i + 0.5) / size), 2));
    }
    return torch.tensor(values);
  }
}
