package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * The weight and bias of a layer that are frozen in a training step. The gradient rules of its
 * products give the gradient of the input alone and read the weight again in the backward pass. A
 * step therefore keeps a weight only in the form in which the base keeps it: in memory, or
 * compressed and decompressed for each product.
 */
public final class FrozenWeight {
  private final LayerWeight weight;
  private final Tensor bias;

  private FrozenWeight(LayerWeight weight, Tensor bias) {
    this.weight = weight;
    this.bias = bias;
  }

  /**
   * Returns the weight for products with {@code x}, if gradients reach {@code x} through the layer.
   * Empty if no training step is open, or if the weight or bias is trained. Also empty for a weight
   * in memory outside of f32 on a CPU: there autograd's own operations keep no more and are as
   * fast.
   *
   * @param bias null if the layer has none
   */
  public static Optional<FrozenWeight> of(LayerWeight weight, Tensor bias, Tensor x) {
    if (!GradMode.is_enabled()
        || !x.requires_grad()
        || CustomGradients.current() == null
        || bias != null && bias.requires_grad()) {
      return Optional.empty();
    }
    return weight.isCompressed() || isF32OnCpu(x) && !weight.tensor().requires_grad()
        ? Optional.of(new FrozenWeight(weight, bias))
        : Optional.empty();
  }

  /** Returns true if products use the faster kernels, which exist for f32 on a CPU. */
  static boolean isF32OnCpu(Tensor x) {
    return x.is_cpu() && Tensors.dtype(x) == DType.F32;
  }

  /** Maps {@code x} [..., in] to [..., out] by a weight [out, in], and adds the adapters. */
  public Tensor linear(Tensor x, List<AdapterLayer> adapters) {
    if (!isF32OnCpu(x)) {
      return Linear.addAdapters(product(x), x, adapters);
    }
    return adapters.stream().allMatch(FrozenLinear::joins)
        ? FrozenLinear.of(x, weight, bias, adapters)
        : Linear.addAdapters(FrozenLinear.of(x, weight, bias, List.of()), x, adapters);
  }

  private Tensor product(Tensor x) {
    if (WidenedLinear.isNeeded(x)) {
      // Without a scope, the weight of every layer would be kept until the end of the step.
      try (TensorScope scope = TensorScope.open()) {
        return scope.promote(WidenedLinear.of(x, weight, bias, WidenedLinear.BLOCK));
      }
    }
    TensorOptional offset = bias == null ? new TensorOptional() : new TensorOptional(bias);
    return operation(
        x,
        () -> torch.linear(x, weight.tensor(), offset),
        gradient -> gradient.matmul(weight.tensor()));
  }

  /** Convolves {@code x} [batch, in, h, w] with a weight [out, in, kernel, kernel]. */
  public Tensor conv2d(Tensor x, long[] stride, long[] padding) {
    return new FrozenConv2d(weight, bias, stride, padding).forward(x);
  }

  /**
   * Computes {@code value} without autograd as an operation on {@code x}.
   *
   * @param rule returns the gradient of {@code x} for the gradient of the value
   */
  static Tensor operation(Tensor x, Supplier<Tensor> value, UnaryOperator<Tensor> rule) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor y;
      try (NoGradGuard guard = new NoGradGuard()) {
        y = value.get();
      }
      CustomGradients.current().join(y, gradient -> new Tensor[] {rule.apply(gradient)}, x);
      return scope.promote(y);
    }
  }

  /**
   * Returns a contiguous {@code value} in another shape. Autograd does not allow to change a view
   * that was made without it, and layers add to each other's results in place.
   */
  static Tensor reshaped(Tensor value, long... shape) {
    return value.view(shape).variable_data();
  }
}
