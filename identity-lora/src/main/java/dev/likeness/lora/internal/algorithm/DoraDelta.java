package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.nn.AdapterProducts;
import dev.likeness.diffusion.internal.nn.FrozenWeight;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Arrays;
import java.util.List;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * DoRA: after another delta is added, each row (or column) of the weight is scaled to a trained
 * magnitude: {@code magnitude (W + dW) / |W + dW|} (Liu et al. 2024, arXiv:2402.09353, equation 5).
 * For a weight other than 1 the difference is multiplied, as in ComfyUI.
 *
 * @param direction the delta that is added first
 * @param magnitude [out, 1, …] for rows, or [1, in, …] for columns, as the first LyCORIS wrote it
 */
public record DoraDelta(WeightDelta direction, Tensor magnitude) implements WeightDelta {
  /** The least length of a row: the epsilon of f32, as in LyCORIS ({@code torch.finfo.eps}). */
  private static final double EPS = 1.1920929e-7;

  @Override
  public Tensor deltaWeight(Tensor weight) {
    Tensor moved = weight.add(direction.deltaWeight(weight));
    boolean byColumn =
        magnitude.size(0) == 1 && magnitude.dim() > 1 && magnitude.size(1) == weight.size(1);
    Tensor lengths = byColumn ? rowNorms(moved.transpose(0, 1)).transpose(0, 1) : rowNorms(moved);
    Tensor wanted = magnitude.to(ScalarType.Float).view(lengths.shape());
    return moved.mul(wanted.div(lengths.clamp_min(new Scalar(EPS)))).sub(weight);
  }

  private static Tensor rowNorms(Tensor weight) {
    long[] shape = weight.shape();
    Arrays.fill(shape, 1, shape.length, 1);
    return weight.reshape(weight.size(0), -1).square().sum(1).sqrt().view(shape);
  }

  @Override
  public DoraDelta map(UnaryOperator<Tensor> place) {
    return new DoraDelta(direction.map(place), place.apply(magnitude));
  }

  @Override
  public long rank() {
    return direction.rank();
  }

  @Override
  public double scale() {
    return direction.scale();
  }

  /**
   * DoRA as an adapter layer during training: the outputs of the layer and of the low-rank delta
   * are scaled to the trained magnitude. The current norm counts as a constant in the gradient (Liu
   * et al. 2024, arXiv:2402.09353, section 4.3).
   *
   * @param magnitude the trained norms of the rows [out]
   * @param weight the weight of the base
   */
  public record DoraLayer(LoraDelta factors, Tensor magnitude, LayerWeight weight)
      implements AdapterLayer {
    @Override
    public Tensor delta(Tensor x) {
      Tensor own = FrozenWeight.of(weight, null, x)
          .map(frozen -> frozen.linear(x, List.of()))
          .orElseGet(() -> AdapterProducts.linear(x, weight.tensor()));
      return combine(own, factors.at(1).delta(x), magnitudeRatio());
    }

    @Override
    public Tensor delta(Tensor x, long[] stride, long[] padding) {
      Tensor own = FrozenWeight.of(weight, null, x)
          .map(frozen -> frozen.conv2d(x, stride, padding))
          .orElseGet(() -> AdapterProducts.conv2d(x, weight.tensor(), stride, padding));
      return combine(
          own, factors.at(1).delta(x, stride, padding), magnitudeRatio().view(-1, 1, 1));
    }

    private static Tensor combine(Tensor own, Tensor trained, Tensor scale) {
      // In bf16, values near 1 have steps of 1/256; their difference from 1 is more precise.
      return own.mul(AdapterProducts.castLike(own, scale.sub(new Scalar(1.0))))
          .add(trained.mul(AdapterProducts.castLike(own, scale)));
    }

    private Tensor magnitudeRatio() {
      return magnitude.div(rowNorms());
    }

    private Tensor rowNorms() {
      try (TensorScope scope = TensorScope.open();
          NoGradGuard guard = new NoGradGuard()) {
        Tensor own = weight.tensor();
        return scope.promote(rowNorms(own.to(ScalarType.Float).add(factors.deltaWeight(own))));
      }
    }

    /** Returns the norms of the rows of a weight [out], f32. */
    public static Tensor rowNorms(Tensor weight) {
      return weight.to(ScalarType.Float).flatten(1, -1).square().sum(1).sqrt();
    }
  }
}
