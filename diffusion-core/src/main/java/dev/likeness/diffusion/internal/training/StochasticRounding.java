package dev.likeness.diffusion.internal.training;

import dev.likeness.diffusion.internal.tensor.TensorScope;
import org.bytedeco.pytorch.Generator;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * From f32 to bf16 up or down by chance, so that steps too small for bf16 add up on average
 * (Zamirai et al. 2020, arXiv:2010.06192, section 3): weights that are kept in bf16 alone still
 * learn.
 */
public final class StochasticRounding {
  private static final int DROPPED = 1 << 16;

  private StochasticRounding() {}

  /**
   * Writes {@code value}, f32, into {@code bf16} of the same shape; {@code chance} decides each
   * number's direction.
   */
  public static void copy(Tensor value, Tensor bf16, Generator chance) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor bits = value.detach().contiguous().view(ScalarType.Int);
      Tensor random = torch
          .empty_like(bits.cpu())
          .random_(0, new LongOptional(DROPPED), new GeneratorOptional(chance));
      Tensor rounded = bits.add(random.to(bits.device(), ScalarType.Int))
          .bitwise_and(new Scalar(-DROPPED))
          .view(ScalarType.Float);
      bf16.copy_(rounded);
    }
  }
}
