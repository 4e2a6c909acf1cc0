package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.nn.cpu.Int8Convolution;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution;
import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution.UpsampleConvolution;
import dev.likeness.diffusion.internal.nn.cpu.WinogradConvolution;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A two-dimensional convolution over [batch, channels, height, width], with the layers that
 * adapters add to it.
 */
public final class Conv2d {
  private static final long[] ONE = {1, 1};

  private final LayerWeight weight;
  private final Tensor bias;
  private final long out;
  private final int kernel;
  private final long[] stride;
  private final long[] padding;
  private final List<AdapterLayer> adapterLayers;

  private Conv2d(
      LayerWeight weight,
      Tensor bias,
      long out,
      int kernel,
      int stride,
      int padding,
      List<AdapterLayer> adapterLayers) {
    this.weight = weight;
    this.bias = bias;
    this.out = out;
    this.kernel = kernel;
    this.stride = new long[] {stride, stride};
    this.padding = new long[] {padding, padding};
    this.adapterLayers = adapterLayers;
  }

  /** Reads {@code weight} [out, in, kernel, kernel] and {@code bias} [out]. */
  public Conv2d(Weights w, long in, long out, int kernel, int stride, int padding) {
    this(
        w.matrix("weight", out, in, kernel, kernel),
        w.tensor("bias", out),
        out,
        kernel,
        stride,
        padding,
        w.adapterLayers());
  }

  /** Reads a convolution with stride 1, padded so that the size does not change. */
  public Conv2d(Weights w, long in, long out, int kernel) {
    this(w, in, out, kernel, 1, kernel / 2);
  }

  /** Reads {@code weight} only. */
  public static Conv2d withoutBias(
      Weights w, long in, long out, int kernel, int stride, int padding) {
    return new Conv2d(
        w.matrix("weight", out, in, kernel, kernel),
        null,
        out,
        kernel,
        stride,
        padding,
        w.adapterLayers());
  }

  public Tensor forward(Tensor x) {
    CurrentWork.throwIfCancelled();
    Optional<FrozenWeight> frozen = FrozenWeight.of(weight, bias, x);
    if (frozen.isPresent()) {
      return addAdapters(frozen.get().conv2d(x, stride, padding), x);
    }
    weight.observe(x, (input, other) -> product(input, other, null));
    return inParts(x, part -> addAdapters(product(part, weight, bias), part));
  }

  /**
   * Applies an activation, then the layer. Overwrites {@code x} if no gradient needs it; the caller
   * must own the tensor.
   */
  public Tensor forward(Activation activation, Tensor x) {
    if (!adapterLayers.isEmpty() || !Int8Convolution.isRequested(x, weight)) {
      return forward(activation.applyInPlace(x));
    }
    CurrentWork.throwIfCancelled();
    TensorOptional offset = bias == null ? new TensorOptional() : new TensorOptional(bias);
    // The activation's result is rounded once, to bytes.
    return inParts(
        activation.applyInPlace(x.to(ScalarType.Float)),
        part -> Int8Convolution.of(part, weight, offset, stride, padding, x.scalar_type()));
  }

  private Tensor inParts(Tensor x, UnaryOperator<Tensor> whole) {
    return keepsSize()
        ? CpuParts.strips(x, operations(x, kernel, 1), x.size(2)).keepSize(x, whole)
        : whole.apply(x);
  }

  /** Returns the floating-point operations of one output row, {@code up} times as wide as x. */
  private long operations(Tensor x, int side, int up) {
    return 2 * x.size(0) * x.size(1) * out * side * side * up * x.size(3);
  }

  private boolean keepsSize() {
    return stride[0] == 1 && padding[0] == kernel / 2 && kernel <= 3;
  }

  private Tensor product(Tensor x, LayerWeight weight, Tensor bias) {
    TensorOptional offset = bias == null ? new TensorOptional() : new TensorOptional(bias);
    if (Int8Convolution.isRequested(x, weight)) {
      return Int8Convolution.of(x, weight, offset, stride, padding, x.scalar_type());
    }
    return usesWinograd(x, weight)
        ? WinogradConvolution.of(x, out, weight, offset)
        : PackedConvolution.of(x, weight, offset, stride, padding);
  }

  /**
   * Applies the layer to {@code x} after nearest-neighbour upsampling by two; for 3x3 kernels that
   * keep the size.
   */
  public Tensor forwardUpsampled(Tensor x) {
    if (adapterLayers.isEmpty() && weight.keepsForms() && UpsampleConvolution.isFaster(x)) {
      CurrentWork.throwIfCancelled();
      // Upsampling repeats numbers and so keeps their range.
      weight.observe(x, (input, other) -> product(input, other, null));
      TensorOptional offset = bias == null ? new TensorOptional() : new TensorOptional(bias);
      return CpuParts.strips(x, operations(x, 2, 2), 2 * x.size(2))
          .upsample(x, part -> UpsampleConvolution.of(part, weight, offset));
    }
    return forward(torch.upsample_nearest2d(x, new long[] {2 * x.size(2), 2 * x.size(3)}));
  }

  /** Applies the layer in f32, for layers whose rounding errors would grow over the steps. */
  public Tensor forwardInF32(Tensor x) {
    TensorOptional offset =
        bias == null ? new TensorOptional() : new TensorOptional(bias.to(ScalarType.Float));
    Tensor wide = weight.tensor();
    Tensor y = torch.conv2d(
        x.to(ScalarType.Float), wide.to(ScalarType.Float), offset, stride, padding, ONE, 1);
    return adapterLayers.isEmpty() ? y : addAdapters(y, x.to(wide.scalar_type()));
  }

  /** Returns the type of its weights. */
  public ScalarType type() {
    return weight.tensor().scalar_type();
  }

  private boolean usesWinograd(Tensor x, LayerWeight weight) {
    return kernel == 3
        && stride[0] == 1
        && padding[0] == 1
        && WinogradConvolution.isFaster(x, out, weight);
  }

  private Tensor addAdapters(Tensor y, Tensor x) {
    Tensor sum = y;
    for (AdapterLayer side : adapterLayers) {
      sum = sum.add(side.delta(x, stride, padding));
    }
    return sum;
  }

  /** The memory format of a network's feature maps. */
  public static final class ImageMemoryFormat {
    private ImageMemoryFormat() {}

    /**
     * Converts an image [batch, channels, h, w] to channels-last, the fastest format for
     * convolutions. Later layers keep it, and pixels become tokens without a copy. Not used in
     * training, where it is slower.
     */
    public static Tensor channelsLast(Tensor x) {
      return GradMode.is_enabled() ? x : x.contiguous(MemoryFormat.ChannelsLast);
    }
  }
}
