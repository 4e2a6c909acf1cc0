package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * DoRA: another change, after which every row (or column) of the weight gets a length of its own
 * (Liu et al. 2024, arXiv:2402.09353, equation 5): {@code magnitude (W + dW) / |W + dW|}. At
 * another strength than 1 the difference is multiplied, as ComfyUI does.
 *
 * @param direction the change below
 * @param magnitude [out, 1, …], or [1, in, …] as LyCORIS first wrote it: its shape says which
 *     lengths it sets
 */
public record DoraDelta(WeightDelta direction, Tensor magnitude) implements WeightDelta {
  private static final double SMALLEST = 1.1920929e-7;

  @Override
  public Tensor difference(Tensor weight) {
    Tensor moved = weight.add(direction.difference(weight));
    boolean byColumn =
        magnitude.size(0) == 1 && magnitude.dim() > 1 && magnitude.size(1) == weight.size(1);
    Tensor lengths = byColumn ? lengths(moved.transpose(0, 1)).transpose(0, 1) : lengths(moved);
    Tensor wanted = magnitude.to(ScalarType.Float).view(lengths.shape());
    return moved.mul(wanted.div(lengths.clamp_min(new Scalar(SMALLEST)))).sub(weight);
  }

  private static Tensor lengths(Tensor weight) {
    long[] shape = weight.shape();
    Arrays.fill(shape, 1, shape.length, 1);
    return weight.reshape(weight.size(0), -1).square().sum(1).sqrt().view(shape);
  }

  @Override
  public DoraDelta mapped(UnaryOperator<Tensor> place) {
    return new DoraDelta(direction.mapped(place), place.apply(magnitude));
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
   * DoRA beside its layer while it learns: the layer's own answer and the low-rank one, each
   * brought to the length that is learned. The present length counts as a constant (Liu et al.
   * 2024, arXiv:2402.09353, section 4.3).
   *
   * @param magnitude lengths of the rows [out]
   * @param weight of the base
   */
  public record DoraPath(LoraDelta factors, Tensor magnitude, Tensor weight)
      implements AdapterLayer {
    @Override
    public Tensor delta(Tensor x) {
      return both(
          torch.linear(x, WeightDelta.Windows.like(x, weight)), factors.at(1).delta(x), relative());
    }

    @Override
    public Tensor delta(Tensor x, long[] stride, long[] padding) {
      Tensor own = WeightDelta.Windows.over(x, weight, stride, padding);
      return both(own, factors.at(1).delta(x, stride, padding), relative().view(-1, 1, 1));
    }

    private static Tensor both(Tensor own, Tensor trained, Tensor scale) {
      // In bf16 what is near 1 has steps of 1/256; how far it is from 1 has not.
      return own.mul(WeightDelta.Windows.like(own, scale.sub(new Scalar(1.0))))
          .add(trained.mul(WeightDelta.Windows.like(own, scale)));
    }

    private Tensor relative() {
      return magnitude.div(lengths());
    }

    private Tensor lengths() {
      try (NoGradGuard guard = new NoGradGuard()) {
        return lengths(weight.to(ScalarType.Float).add(factors.difference(weight)));
      }
    }

    /** The lengths of a weight's rows [out], f32. */
    public static Tensor lengths(Tensor weight) {
      return weight.to(ScalarType.Float).flatten(1, -1).square().sum(1).sqrt();
    }
  }
}
