package dev.likeness.lora.internal.algorithm;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * OFT and BOFT in the conventions of LyCORIS: orthogonal matrices in Cayley form rotate the outputs
 * of a weight, block by block (Qiu et al. 2023, arXiv:2306.07280, equation 6). BOFT has several
 * stages, in a butterfly pattern (Liu et al. 2024, arXiv:2311.06243, section 4.1).
 *
 * @param blocks the parameters of the skew-symmetric matrices: [number, size, size] for OFT,
 *     [stages, number, size, size] for BOFT
 * @param rescale [out, 1, …] or null
 * @param constraint the maximum norm of all skew-symmetric matrices together, or 0 for none
 */
public record OftDelta(Tensor blocks, Tensor rescale, double constraint) implements WeightDelta {
  /** Keeps the division by a norm of 0 finite, as in LyCORIS ({@code diag_oft.py}). */
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

  /**
   * Applies one stage: rows that are {@code reach} half-blocks apart form a block, are rotated, and
   * return to their places.
   */
  private Tensor butterfly(Tensor rows, Tensor turn, long reach) {
    long half = reach * (blocks.size(-1) / 2);
    Tensor met = rows.view(-1, 2, half, rows.size(1)).transpose(1, 2).reshape(rows.size(0), -1);
    // LyCORIS applies the matrices of BOFT as they are, and those of OFT transposed.
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
   * Orthogonal matrices on the block diagonal, [number, size, size]; each rotates {@code size}
   * inputs or outputs.
   */
  static final class Blocks {
    private Blocks() {}

    /** Returns twice the antisymmetric part of square matrices, f32. */
    static Tensor skew(Tensor matrices) {
      Tensor exact = matrices.to(ScalarType.Float);
      return exact.sub(exact.transpose(-1, -2));
    }

    /** Returns the Cayley form of antisymmetric matrices Q: (1 - Q) (1 + Q)^-1. */
    static Tensor cayley(Tensor skew) {
      Tensor one = torch.eye(skew.size(-1));
      return torch.matmul(one.sub(skew), torch.inverse(one.add(skew)));
    }

    /**
     * Returns the weight [out, in] after a rotation of its inputs by {@code turns}; a single matrix
     * serves all blocks.
     */
    static Tensor rotateInputs(Tensor weight, Tensor turns) {
      // The block multiplies the input, so its transpose multiplies a row of the weight.
      Tensor inBlocks = weight.view(weight.size(0), -1, 1, turns.size(1));
      return torch.matmul(inBlocks, turns.transpose(1, 2)).view(weight.shape());
    }

    /**
     * Returns the weight [out, in] after a rotation of its outputs by the transposed {@code turns};
     * a single matrix serves all blocks.
     */
    static Tensor rotateOutputs(Tensor weight, Tensor turns) {
      Tensor inBlocks = weight.reshape(-1, turns.size(1), weight.size(1));
      return torch.matmul(turns.transpose(1, 2), inBlocks).view(weight.shape());
    }
  }
}
