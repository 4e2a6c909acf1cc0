package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.nn.cpu.MatrixProduct;
import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.pytorch.LongArrayRefOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * A convolution with a {@link FrozenWeight}. Autograd would keep the input, which only the gradient
 * of the weight needs. On a CPU oneDNN would bring the weight into another order in the forward and
 * in the backward pass, which takes longer than the convolution of a small image; a second copy of
 * each weight would cost more memory than a training on a processor has. There the product is a
 * {@link MatrixProduct} of the weight and the windows of the image.
 */
final class FrozenConv2d {
  private static final long[] ONE = {1, 1};

  /** The pixels of a batch up to which a copy of each window costs less than the order. */
  private static final long MAX_PIXELS = 512;

  private final LayerWeight weight;
  private final Tensor bias;
  private final long[] kernel;
  private final long[] stride;
  private final long[] padding;

  FrozenConv2d(LayerWeight weight, Tensor bias, long[] stride, long[] padding) {
    long[] shape = weight.shape();
    this.weight = weight;
    this.bias = bias;
    this.kernel = new long[] {shape[2], shape[3]};
    this.stride = stride;
    this.padding = padding;
  }

  /** Convolves {@code x} [batch, in, h, w]. */
  Tensor forward(Tensor x) {
    long[] image = x.shape();
    long[] size = {size(image, 0), size(image, 1)};
    boolean byWindows = FrozenWeight.isF32OnCpu(x) && usesWindows(image, size);
    return FrozenWeight.operation(
        x,
        () -> byWindows
            ? product(x.detach(), size)
            : torch.conv2d(x.detach(), weight.tensor(), offset(), stride, padding, ONE, 1),
        gradient -> byWindows ? gradientOfWindows(gradient, image) : gradient(gradient, image));
  }

  private long size(long[] image, int side) {
    return (image[2 + side] + 2 * padding[side] - kernel[side]) / stride[side] + 1;
  }

  private boolean usesWindows(long[] image, long[] size) {
    long pixels = image[0] * size[0] * size[1];
    return isPixelwise() && image[0] == 1
        || 2 * pixels <= weight.shape()[0] && pixels <= MAX_PIXELS;
  }

  private boolean isPixelwise() {
    return kernel[0] == 1 && stride[0] == 1 && padding[0] == 0;
  }

  private TensorOptional offset() {
    return bias == null ? new TensorOptional() : new TensorOptional(bias);
  }

  /** Returns the weight as a matrix [out, in * kernel * kernel]. */
  private Tensor matrix() {
    return weight.tensor().detach().reshape(weight.shape()[0], -1);
  }

  private Tensor product(Tensor x, long[] size) {
    Tensor windows =
        isPixelwise() ? x.flatten(2, 3) : torch.im2col(x, kernel, ONE, padding, stride);
    Tensor matrix = matrix();
    Tensor y = x.size(0) == 1
        ? MatrixProduct.of(matrix, windows.select(0, 0))
        : images(MatrixProduct.of(matrix, columns(windows)), x.size(0));
    Tensor image = FrozenWeight.reshaped(y, x.size(0), matrix.size(0), size[0], size[1]);
    return bias == null ? image : image.add_(bias.view(-1, 1, 1));
  }

  private Tensor gradientOfWindows(Tensor gradient, long[] image) {
    // Pixels by rows, so that OpenBLAS reads the weight in the order in which it is stored.
    Tensor windows = MatrixProduct.of(columns(gradient.flatten(2, 3)).t(), matrix())
        .view(image[0], gradient.size(2) * gradient.size(3), -1)
        .transpose(1, 2);
    return isPixelwise()
        ? windows.reshape(image)
        : torch.col2im(
            windows.contiguous(), new long[] {image[2], image[3]}, kernel, ONE, padding, stride);
  }

  /** Turns [batch, rows, pixels] into [rows, batch * pixels]. */
  private static Tensor columns(Tensor images) {
    return images.transpose(0, 1).flatten(1, 2);
  }

  private static Tensor images(Tensor columns, long batch) {
    return columns.view(columns.size(0), batch, -1).transpose(0, 1).contiguous();
  }

  private Tensor gradient(Tensor gradient, long[] image) {
    // Of the input only the shape is read.
    Tensor input = gradient.new_empty(image);
    try (BoolPointer inputAlone = new BoolPointer(3)) {
      inputAlone.put(0, true).put(1, false).put(2, false);
      return torch
          .convolution_backward(
              gradient,
              input,
              weight.tensor().detach(),
              new LongArrayRefOptional(),
              stride,
              padding,
              ONE,
              false,
              new long[] {0, 0},
              1,
              inputAlone)
          .get0();
    }
  }
}
