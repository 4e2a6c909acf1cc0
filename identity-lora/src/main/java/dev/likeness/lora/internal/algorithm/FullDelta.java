package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.nn.AdapterProducts;
import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** A full difference: a tensor with the shape of the weight. */
public record FullDelta(Tensor value) implements WeightDelta.Unmerged {
  @Override
  public Tensor deltaWeight(Tensor weight) {
    return value.to(ScalarType.Float).view(weight.shape());
  }

  @Override
  public AdapterLayer at(double weight) {
    return new FullLayer(value, weight);
  }

  @Override
  public FullDelta map(UnaryOperator<Tensor> place) {
    return new FullDelta(place.apply(value));
  }

  private record FullLayer(Tensor value, double weight) implements AdapterLayer {
    @Override
    public Tensor delta(Tensor x) {
      return scale(AdapterProducts.linear(x, value));
    }

    @Override
    public Tensor delta(Tensor x, long[] stride, long[] padding) {
      return scale(AdapterProducts.conv2d(x, value, stride, padding));
    }

    private Tensor scale(Tensor y) {
      return weight == 1 ? y : y.mul(new Scalar(weight));
    }
  }

  /** A new weight that replaces that of the base. */
  public record Replacement(Tensor value) implements WeightDelta {
    @Override
    public Tensor deltaWeight(Tensor weight) {
      return value.to(ScalarType.Float).view(weight.shape()).sub(weight);
    }

    @Override
    public Replacement map(UnaryOperator<Tensor> place) {
      return new Replacement(place.apply(value));
    }
  }

  /**
   * IA3: the difference {@code W s} scales each channel of a layer (Liu et al. 2022,
   * arXiv:2205.05638, section 3.3). The scales are differences from 1, as in LyCORIS
   * (modules/ia3.py).
   *
   * @param scales s, one number per channel
   * @param input true to scale inputs, false to scale outputs
   */
  public record ChannelScales(Tensor scales, boolean input) implements WeightDelta {
    @Override
    public Tensor deltaWeight(Tensor weight) {
      long[] shape = new long[(int) weight.dim()];
      Arrays.fill(shape, 1);
      shape[input ? 1 : 0] = scales.numel();
      return weight.mul(scales.to(ScalarType.Float).view(shape));
    }

    @Override
    public ChannelScales map(UnaryOperator<Tensor> place) {
      return new ChannelScales(place.apply(scales), input);
    }
  }
}
