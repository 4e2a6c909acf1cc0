package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution;
import dev.likeness.diffusion.internal.nn.cpu.UpsampleConvolution;
import dev.likeness.diffusion.internal.nn.cpu.WinogradConvolution;
import java.util.List;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A two-dimensional convolution over [batch, channels, height, width], with what adapters add
 * beside it.
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
      List<AdapterLayer> sides) {
    this.weight = weight;
    this.bias = bias;
    this.out = out;
    this.kernel = kernel;
    this.stride = new long[] {stride, stride};
    this.padding = new long[] {padding, padding};
    this.adapterLayers = sides;
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

  /** Stride 1, padded so that the size stays. */
  public Conv2d(Weights w, long in, long out, int kernel) {
    this(w, in, out, kernel, 1, kernel / 2);
  }

  /** Reads {@code weight} alone. */
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
    TensorOptional offset = bias == null ? new TensorOptional() : new TensorOptional(bias);
    return addAdapters(
        usesWinograd(x)
            ? WinogradConvolution.of(x, out, weight, offset)
            : PackedConvolution.of(x, weight, offset, stride, padding),
        x);
  }

  /**
   * The same over {@code x} at twice its size, every pixel four times; for kernels of three by
   * three that keep the size.
   */
  public Tensor forwardUpsampled(Tensor x) {
    if (adapterLayers.isEmpty() && weight.keepsForms() && UpsampleConvolution.isFaster(x)) {
      return UpsampleConvolution.of(
          x, weight, bias == null ? new TensorOptional() : new TensorOptional(bias));
    }
    return forward(torch.upsample_nearest2d(x, new long[] {2 * x.size(2), 2 * x.size(3)}));
  }

  /**
   * The same in f32 of weights and input of any type, for layers whose rounding the run would
   * multiply.
   */
  public Tensor forwardInF32(Tensor x) {
    TensorOptional offset =
        bias == null ? new TensorOptional() : new TensorOptional(bias.to(ScalarType.Float));
    Tensor wide = weight.tensor();
    Tensor y = torch.conv2d(
        x.to(ScalarType.Float), wide.to(ScalarType.Float), offset, stride, padding, ONE, 1);
    return adapterLayers.isEmpty() ? y : addAdapters(y, x.to(wide.scalar_type()));
  }

  /** The type of its weights. */
  public ScalarType type() {
    return weight.tensor().scalar_type();
  }

  private boolean usesWinograd(Tensor x) {
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

  /** How a network's images lie in memory. */
  public static final class ImageMemoryFormat {
    private ImageMemoryFormat() {}

    /**
     * An image [batch, channels, h, w] as convolutions read it fastest, its channels lying
     * together; every layer after keeps that, and a pixel's channels are a token's without a copy.
     * Not used in training, where it is slower.
     */
    public static Tensor channelsLast(Tensor x) {
      return GradMode.is_enabled() ? x : x.contiguous(MemoryFormat.ChannelsLast);
    }
  }
}
