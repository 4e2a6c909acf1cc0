package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.nn.cpu.PackedConvolution;
import dev.likeness.diffusion.internal.tensor.CustomGradients;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A product of bf16 on a CPU that does not multiply bf16. Blocks of the weight's rows are widened
 * to f32, one at a time, so the weight stays in bf16. In training with {@link CustomGradients}, the
 * backward pass widens the blocks again; otherwise autograd keeps the weight in f32.
 */
final class WidenedLinear {
  /** The number of values of a block: 16 MiB in f32. */
  static final long BLOCK = 1 << 22;

  private WidenedLinear() {}

  static boolean isNeeded(Tensor x) {
    return x.is_cpu() && Tensors.dtype(x) == DType.BF16 && !PackedConvolution.multipliesBf16();
  }

  /** Maps [..., in] to [..., out]; {@code bias} may be null. */
  static Tensor of(Tensor x, LayerWeight weight, Tensor bias, long block) {
    Tensor matrix = weight.tensor();
    Tensor[] trained = Stream.of(x, matrix, bias)
        .filter(input -> input != null && input.requires_grad())
        .toArray(Tensor[]::new);
    if (trained.length == 0 || !GradMode.is_enabled()) {
      return forward(x, matrix, bias, block);
    }
    CustomGradients custom = CustomGradients.current();
    if (custom == null) {
      TensorOptional offset =
          bias == null ? new TensorOptional() : new TensorOptional(bias.to(ScalarType.Float));
      return torch
          .linear(x.to(ScalarType.Float), matrix.to(ScalarType.Float), offset)
          .to(x.scalar_type());
    }
    Tensor value;
    try (NoGradGuard guard = new NoGradGuard()) {
      value = forward(x, matrix, bias, block);
    }
    Tensor input = matrix.requires_grad() ? custom.keep(x) : null;
    // A compressed weight is expanded again in the backward pass.
    LayerWeight kept =
        weight instanceof LayerWeight.Plain ? new LayerWeight.Plain(custom.keep(matrix)) : weight;
    boolean[] wanted = {
      x.requires_grad(), matrix.requires_grad(), bias != null && bias.requires_grad()
    };
    return custom.join(
        value, gradient -> gradients(gradient, input, kept.tensor(), wanted, block), trained);
  }

  private static Tensor forward(Tensor x, Tensor matrix, Tensor bias, long block) {
    long out = matrix.size(0);
    long[] shape = x.shape();
    shape[shape.length - 1] = out;
    try (TensorScope scope = TensorScope.open()) {
      Tensor wide = x.reshape(-1, x.size(-1)).to(ScalarType.Float);
      Tensor y = x.new_empty(wide.size(0), out);
      long rows = Math.max(1, block / matrix.size(1));
      for (long row = 0; row < out; row += rows) {
        long count = Math.min(rows, out - row);
        try (TensorScope each = TensorScope.open()) {
          Tensor part = inF32(wide, matrix.narrow(0, row, count).to(ScalarType.Float));
          y.narrow(1, row, count)
              .copy_(bias == null ? part : part.add_(bias.narrow(0, row, count)));
        }
      }
      return scope.promote(y.view(shape));
    }
  }

  /** Returns the gradients of input, matrix and bias, as far as they are wanted. */
  private static Tensor[] gradients(
      Tensor gradient, Tensor x, Tensor matrix, boolean[] wanted, long block) {
    long out = matrix.size(0);
    Tensor wide = gradient.reshape(-1, out).to(ScalarType.Float);
    List<Tensor> all = new ArrayList<>();
    if (wanted[0]) {
      Tensor sum = wide.new_zeros(wide.size(0), matrix.size(1));
      long rows = Math.max(1, block / matrix.size(1));
      for (long row = 0; row < out; row += rows) {
        long count = Math.min(rows, out - row);
        try (TensorScope each = TensorScope.open()) {
          Tensor part = matrix.narrow(0, row, count).to(ScalarType.Float).transpose(0, 1);
          sum.add_(inF32(wide.narrow(1, row, count), part));
        }
      }
      all.add(sum.to(gradient.scalar_type()));
    }
    if (wanted[1]) {
      Tensor tokens = x.reshape(-1, x.size(-1)).to(ScalarType.Float);
      all.add(torch.mm(wide.transpose(0, 1), tokens).to(gradient.scalar_type()));
    }
    if (wanted[2]) {
      all.add(wide.sum(new long[] {0}, false, new ScalarTypeOptional()).to(gradient.scalar_type()));
    }
    return all.toArray(Tensor[]::new);
  }

  private static Tensor inF32(Tensor x, Tensor matrix) {
    LayerWeight plain = new LayerWeight.Plain(matrix);
    return PointwiseLinear.isFaster(x, plain)
        ? PointwiseLinear.of(x, plain, new TensorOptional())
        : torch.linear(x, matrix);
  }
}
