package dev.likeness.diffusion.internal.nn.transformer;

import dev.likeness.diffusion.tensor.DType;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;

/** Keeps f16 activations finite, as FLUX's blocks need it. */
public final class HalfPrecision {
  private static final double LARGEST = 65504;

  private HalfPrecision() {}

  /** {@code x} within f16's range when it is f16, else itself. */
  public static Tensor clamp(Tensor x) {
    return DType.of(x.scalar_type()) == DType.F16
        ? x.clamp(new ScalarOptional(new Scalar(-LARGEST)), new ScalarOptional(new Scalar(LARGEST)))
        : x;
  }
}
