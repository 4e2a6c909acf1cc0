package dev.likeness.diffusion.internal.training;

import java.util.Arrays;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * {@link AdamW} with 8-bit moments. A block of 256 values shares one scale: the largest value of
 * the block (Dettmers et al. 2022, arXiv:2110.02861, section 2). Moments of small parameters stay
 * in f32 (section 2.3).
 */
public final class AdamW8bit extends Optimizer.BaseOptimizer {
  /** Parameters of fewer values stay in f32 (bitsandbytes: {@code min_8bit_size}). */
  private static final int SMALL = 4096;

  private final double beta1;
  private final double beta2;
  private final double eps;
  private final double weightDecay;

  public AdamW8bit(double beta1, double beta2, double eps, double weightDecay) {
    this.beta1 = beta1;
    this.beta2 = beta2;
    this.eps = eps;
    this.weightDecay = weightDecay;
  }

  @Override
  void update(String name, Tensor parameter, Tensor gradient, double learningRate) {
    Tensor first = read("first", name, parameter, DynamicCode.SIGNED);
    Tensor second = read("second", name, parameter, DynamicCode.UNSIGNED);
    first.lerp_(gradient, new Scalar(1 - beta1));
    second.mul_(new Scalar(beta2)).addcmul_(gradient, gradient, new Scalar(1 - beta2));
    double correction1 = 1 - Math.pow(beta1, steps());
    double correction2 = 1 - Math.pow(beta2, steps());
    parameter.mul_(new Scalar(1 - learningRate * weightDecay));
    Tensor denominator =
        second.sqrt().div_(new Scalar(Math.sqrt(correction2))).add_(new Scalar(eps));
    parameter.addcdiv_(first, denominator, new Scalar(-learningRate / correction1));
    write("first", name, first, DynamicCode.SIGNED);
    write("second", name, second, DynamicCode.UNSIGNED);
  }

  private Tensor read(String kind, String name, Tensor like, DynamicCode code) {
    if (like.numel() < SMALL) {
      return state.get(kind, name, () -> torch.zeros_like(like));
    }
    Tensor codes = state.get(kind, name, () -> code.zeros(like));
    Tensor largest = state.get(kind + "-largest", name, () -> code.noScales(like));
    return code.decoded(codes, largest, like);
  }

  private void write(String kind, String name, Tensor value, DynamicCode code) {
    if (value.numel() >= SMALL) {
      code.encode(
          value,
          state.tensors().get(kind + "." + name),
          state.tensors().get(kind + "-largest." + name));
    }
  }

  /**
   * The dynamic 8-bit code of one value: a decimal exponent in unary, then equal parts of its
   * decade. Small values so have as many digits as large ones (Dettmers et al. 2022,
   * arXiv:2110.02861, section 1.3 and figure 2).
   */
  enum DynamicCode {
    /** Values of both signs, relative to the block's largest: -1 to 1. */
    SIGNED(true),
    /** Values of at least 0, relative to the block's largest: 0 to 1. */
    UNSIGNED(false);

    /** The values of a block (bitsandbytes: {@code block_wise}). */
    private static final int BLOCK = 256;
    /** The powers of ten that a code covers (bitsandbytes: {@code create_dynamic_map}). */
    private static final int DECADES = 7;

    private final float[] values;
    private final float[] borders;

    DynamicCode(boolean signed) {
      values = values(signed);
      borders = new float[values.length - 1];
      for (int i = 0; i < borders.length; i++) {
        borders[i] = (values[i] + values[i + 1]) / 2;
      }
    }

    private static float[] values(boolean signed) {
      float[] all = new float[256];
      int count = 0;
      all[count++] = 0;
      all[count++] = 1;
      for (int decade = 0; decade < DECADES; decade++) {
        int parts = 1 << (signed ? decade : decade + 1);
        for (int i = 0; i < parts; i++) {
          float value =
              (float) (Math.pow(10, decade - DECADES + 1) * (0.1 + 0.9 * (i + 0.5) / parts));
          all[count++] = value;
          if (signed) {
            all[count++] = -value;
          }
        }
      }
      float[] sorted = Arrays.copyOf(all, count);
      Arrays.sort(sorted);
      return sorted;
    }

    /**
     * Returns the codes of zeros for a tensor of the shape of {@code like}. The last block is
     * padded.
     */
    Tensor zeros(Tensor like) {
      int zero = Arrays.binarySearch(values, 0);
      Tensor codes = torch.full(
          new long[] {blocks(like), BLOCK}, new Scalar(zero), new TensorOptions(ScalarType.Byte));
      return codes.to(like.device(), ScalarType.Byte);
    }

    Tensor noScales(Tensor like) {
      return toDeviceOf(like, torch.zeros(blocks(like), 1));
    }

    private static Tensor toDeviceOf(Tensor like, Tensor numbers) {
      return numbers.to(like.device(), ScalarType.Float);
    }

    private static long blocks(Tensor like) {
      return (like.numel() + BLOCK - 1) / BLOCK;
    }

    /** Decodes values to f32, in the shape of {@code like}. */
    Tensor decoded(Tensor codes, Tensor largest, Tensor like) {
      Tensor numbers = toDeviceOf(codes, torch.tensor(values))
          .index_select(0, codes.flatten().to(ScalarType.Long))
          .view(codes.sizes());
      return numbers
          .mul(largest)
          .flatten()
          .narrow(0, 0, like.numel())
          .reshape(like.sizes())
          .clone();
    }

    /** Encodes values in place into {@code codes} and the scale of each block, {@code largest}. */
    void encode(Tensor numbers, Tensor codes, Tensor largest) {
      Tensor rest = toDeviceOf(codes, torch.zeros(codes.numel() - numbers.numel()));
      Tensor filled = torch.cat(new TensorVector(numbers.flatten(), rest), 0).view(codes.sizes());
      largest.copy_(filled.abs().amax(new long[] {1}, true));
      Tensor unit = filled.div(largest.clamp_min(new Scalar(Float.MIN_NORMAL)));
      codes.copy_(torch.bucketize(unit, toDeviceOf(codes, torch.tensor(borders))));
    }
  }
}
