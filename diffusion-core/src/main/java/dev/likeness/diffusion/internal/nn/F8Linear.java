package dev.likeness.diffusion.internal.nn;

import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.nn.cpu.TorchOperator;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.Compute;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.GradMode;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A fully connected layer whose weight is stored in f8 (e4m3), with products of f8 by f8. Each
 * token is scaled so that its largest magnitude becomes the largest number of f8, and rounded to
 * f8; so an image does not depend on the others of its batch. The relative error is about 3%, from
 * the 3 mantissa bits of the tokens; the weight is not rounded again.
 *
 * <p>Source: {@code torch._scaled_mm}; Micikevicius et al. 2022, arXiv:2209.05433.
 */
public final class F8Linear {
  /** The largest finite number of e4m3. */
  private static final double LARGEST = 448;

  /** Larger factors would not be finite in f16; they would belong to tokens near zero. */
  private static final double LARGEST_FACTOR = 1 << 15;

  /** Rows and columns of a weight must be a multiple of this: vectors of 16 bytes. */
  private static final long ALIGNED = 16;

  /**
   * The smallest number of tokens for which quantisation pays; the single token of a timestep is
   * below it.
   */
  private static final long MIN_TOKENS = 16;

  private F8Linear() {}

  /** Returns true if a file stores a matrix such that it can be multiplied in f8. */
  public static boolean isStoredIn(TensorNames file, String name) {
    long[] shape = file.shape(name);
    return shape.length == 2
        && shape[0] % ALIGNED == 0
        && shape[1] % ALIGNED == 0
        && file.f8Scale(name) > 0;
  }

  static boolean isRequested(Tensor x) {
    return x.numel() >= MIN_TOKENS * x.size(-1) && !GradMode.is_enabled();
  }

  /** Maps [..., in] to [..., out]. */
  static Tensor of(Tensor x, Matrix weight, TensorOptional bias) {
    long[] shape = x.shape();
    shape[shape.length - 1] = weight.values().size(0);
    try (TensorScope scope = TensorScope.open()) {
      Tensor tokens = x.reshape(-1, x.size(-1));
      Tensor factor = torch
          .linalg_vector_norm(
              tokens,
              new Scalar(Double.POSITIVE_INFINITY),
              new long[] {1},
              true,
              new ScalarTypeOptional())
          .reciprocal_()
          .mul_(new Scalar(LARGEST))
          .clamp_max_(new Scalar(LARGEST_FACTOR));
      // Rounding of the factor cannot exceed 464, up to which numbers round to 448.
      Tensor bytes = tokens.mul(factor).to(ScalarType.Float8_e4m3fn).contiguous();
      // The factor's share of 448 keeps sums in the range of f16.
      Tensor y = product(bytes, weight, x.scalar_type())
          .mul_(factor.reciprocal().mul_(new Scalar(LARGEST)));
      return scope.promote((bias.has_value() ? y.add_(bias.get()) : y).view(shape));
    }
  }

  private static Tensor product(Tensor bytes, Matrix weight, ScalarType type) {
    return new TorchOperator("aten::_scaled_mm")
        .call(
            new IValue(bytes),
            new IValue(weight.values().t()),
            new IValue(weight.factors().share()),
            new IValue(weight.factors().scale()),
            new IValue(),
            new IValue(),
            new IValue((long) type.intern().value),
            new IValue(false));
  }

  /**
   * The factors of a product with a weight. They are smaller than the message that copies them to a
   * GPU, so they are made once for a weight, however often its values are loaded.
   *
   * @param scale [1], f32: the factor of all values of the weight
   * @param share [1], f32: 1 / 448, the part of the tokens' factors that is the same for all
   * @param isScaled false if the scale is 1
   */
  public record Factors(Tensor scale, Tensor share, boolean isScaled) {
    /** Makes the factors of a weight of a file. The calling scope owns them. */
    public static Factors of(TensorSource file, String name, Compute compute) {
      float scale = file.f8Scale(name);
      return new Factors(constant(scale, compute), constant(1 / LARGEST, compute), scale != 1);
    }

    private static Tensor constant(double factor, Compute compute) {
      return Tensors.toDevice(compute, torch.full(new long[] {1}, new Scalar(factor)));
    }

    /** Returns these factors with the results of a function for their tensors. */
    public Factors map(UnaryOperator<Tensor> change) {
      return new Factors(change.apply(scale), change.apply(share), isScaled);
    }
  }

  /**
   * The stored weight.
   *
   * @param values [out, in], f8
   * @param factors the factors of its products
   */
  public record Matrix(Tensor values, Factors factors) {
    /**
     * Reads the values of a weight as the file stores them, in f8. The calling scope owns them.
     *
     * @param upload copies numbers to the device, or returns them as they are
     */
    public static Tensor readValues(
        TensorSource file, String name, Compute compute, UnaryOperator<Tensor> upload) {
      float scale = file.f8Scale(name);
      Tensor weight = file.read(name);
      // The file gives f8, or f32 with the scale applied; that quotient rounds to the stored
      // number.
      Tensor values = scale == 1 ? weight : weight.div(new Scalar(scale));
      Tensor stored = upload.apply(values.to(ScalarType.Float8_e4m3fn).contiguous());
      return stored.to(new Device(compute.device()), ScalarType.Float8_e4m3fn);
    }

    /** Returns the weight in another type, as if it had been read from the file. */
    Tensor widened(ScalarType type) {
      return factors.isScaled
          ? values.to(ScalarType.Float).mul_(factors.scale).to(type)
          : values.to(type);
    }
  }

  /**
   * A weight that stays in f8. Layers with few tokens, and gradients, use its exact numbers in
   * another type.
   *
   * @param matrix the stored weight, loaded at the first use
   * @param type the type of other products
   */
  public record Weight(long[] shape, Supplier<Matrix> matrix, ScalarType type)
      implements LayerWeight {
    @Override
    public Tensor tensor() {
      try (TensorScope scope = TensorScope.open()) {
        return scope.promote(matrix.get().widened(type));
      }
    }

    @Override
    public boolean isCompressed() {
      return true;
    }
  }
}
