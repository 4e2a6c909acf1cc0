package dev.likeness.lora.internal.algorithm;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * OFT and BOFT: the weight's outputs are turned, block by block, by orthogonal matrices in Cayley's
 * form (Qiu et al. 2023, arXiv:2306.07280, equation 6); with several stages the blocks reach
 * further at each, as a butterfly's wings do (Liu et al. 2024, arXiv:2311.06243, section 4.1).
 * Conventions of LyCORIS.
 *
 * @param blocks from which the skew-symmetric matrices come: OFT's [number, size, size], BOFT's
 *     [stages, number, size, size]
 * @param rescale [out, 1, …] or null
 * @param constraint the length that all skew-symmetric matrices together may have, or 0 for any
 */
public record OftDelta(Tensor blocks, Tensor rescale, double constraint) implements WeightDelta {
  private static final double EPS = 1e-8;

  @Override
  public Tensor deltaWeight(Tensor weight) {
    Tensor turns = rotations();
    Tensor turned = weight.flatten(1, -1);
    if (turns.dim() == 3) {
      turned = Blocks.rotateOutputs(turned, turns);
    } else {
      for (long stage = 0; stage < turns.size(0); stage++) {
        turned = butterfly(turned, turns.select(0, stage), 1L << stage);
      }
    }
    turned = turned.view(weight.shape());
    Tensor scaled = rescale == null
        ? turned
        : turned.mul(rescale.to(ScalarType.Float).view(broadcastShape(weight)));
    return scaled.sub(weight);
  }

  /** One stage: neighbours {@code reach} half-blocks apart meet in a block, turn, and go back. */
  private Tensor butterfly(Tensor rows, Tensor turn, long reach) {
    long half = reach * (blocks.size(-1) / 2);
    Tensor met = rows.view(-1, 2, half, rows.size(1)).transpose(1, 2).reshape(rows.size(0), -1);
    // LyCORIS applies a butterfly's matrices as they are, and OFT's transposed.
    Tensor turned = Blocks.rotateOutputs(met, turn.transpose(1, 2));
    return turned.view(-1, half, 2, rows.size(1)).transpose(1, 2).reshape(rows.size(0), -1);
  }

  private Tensor rotations() {
    Tensor q = Blocks.skew(blocks);
    double length = q.norm().item_double() + EPS;
    if (constraint > 0 && length > constraint) {
      q = q.mul(new Scalar(constraint / length));
    }
    return Blocks.cayley(q.neg());
  }

  private static long[] broadcastShape(Tensor weight) {
    long[] shape = weight.shape();
    Arrays.fill(shape, 1, shape.length, 1);
    return shape;
  }

  @Override
  public OftDelta map(UnaryOperator<Tensor> place) {
    return new OftDelta(
        place.apply(blocks), rescale == null ? null : place.apply(rescale), constraint);
  }

  @Override
  public long rank() {
    return blocks.size(-1);
  }

  /**
   * Orthogonal matrices along a weight's diagonal, [number, size, size], each of which turns as
   * many inputs or outputs.
   */
  static final class Blocks {
    private Blocks() {}

    /** What is antisymmetric of square matrices, twice, f32. */
    static Tensor skew(Tensor matrices) {
      Tensor exact = matrices.to(ScalarType.Float);
      return exact.sub(exact.transpose(-1, -2));
    }

    /** Cayley's form of antisymmetric matrices Q: (1 - Q) (1 + Q)^-1. */
    static Tensor cayley(Tensor skew) {
      Tensor one = torch.eye(skew.size(-1));
      return torch.matmul(one.sub(skew), torch.inverse(one.add(skew)));
    }

    /**
     * The weight [out, in] of a layer whose inputs {@code turns}, or the only one of them each
     * time, turn first.
     */
    static Tensor rotateInputs(Tensor weight, Tensor turns) {
      // The input is multiplied by the block, so a row of the weight by its transpose.
      Tensor inBlocks = weight.view(weight.size(0), -1, 1, turns.size(1));
      return torch.matmul(inBlocks, turns.transpose(1, 2)).view(weight.shape());
    }

    /**
     * The weight [out, in] of a layer whose outputs the transposed {@code turns}, or the only one
     * of them, turn afterwards.
     */
    static Tensor rotateOutputs(Tensor weight, Tensor turns) {
      Tensor inBlocks = weight.reshape(-1, turns.size(1), weight.size(1));
      return torch.matmul(turns.transpose(1, 2), inBlocks).view(weight.shape());
    }
  }
}
