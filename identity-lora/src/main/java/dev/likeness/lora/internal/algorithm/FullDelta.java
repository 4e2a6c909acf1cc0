package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
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
      return scale(torch.linear(x, WeightDelta.Convolutions.castLike(x, value)));
    }

    @Override
    public Tensor delta(Tensor x, long[] stride, long[] padding) {
      return scale(WeightDelta.Convolutions.conv2d(x, value, stride, padding));
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
}
