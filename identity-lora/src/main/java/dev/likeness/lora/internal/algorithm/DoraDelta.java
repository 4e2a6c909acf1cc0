package dev.likeness.lora.internal.algorithm;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
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
}
