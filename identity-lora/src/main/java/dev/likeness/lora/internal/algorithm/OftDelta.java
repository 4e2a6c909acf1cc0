package dev.likeness.lora.internal.algorithm;

import java.util.Arrays;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
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
 * @param longest the length that all skew-symmetric matrices together may have, or 0 for any
 */
public record OftDelta(Tensor blocks, Tensor rescale, double longest) implements WeightDelta {
  private static final double ALMOST_ZERO = 1e-8;

  @Override
  public Tensor difference(Tensor weight) {
    Tensor turns = turns();
    Tensor turned = weight.flatten(1, -1);
    if (turns.dim() == 3) {
      turned = Blocks.ofOutputs(turned, turns);
    } else {
      for (long stage = 0; stage < turns.size(0); stage++) {
        turned = wings(turned, turns.select(0, stage), 1L << stage);
      }
    }
    turned = turned.view(weight.shape());
    Tensor scaled =
        rescale == null ? turned : turned.mul(rescale.to(ScalarType.Float).view(lengths(weight)));
    return scaled.sub(weight);
  }

  /** One stage: neighbours {@code reach} half-blocks apart meet in a block, turn, and go back. */
  private Tensor wings(Tensor rows, Tensor turn, long reach) {
    long half = reach * (blocks.size(-1) / 2);
    Tensor met = rows.view(-1, 2, half, rows.size(1)).transpose(1, 2).reshape(rows.size(0), -1);
    // LyCORIS applies a butterfly's matrices as they are, and OFT's transposed.
    Tensor turned = Blocks.ofOutputs(met, turn.transpose(1, 2));
    return turned.view(-1, half, 2, rows.size(1)).transpose(1, 2).reshape(rows.size(0), -1);
  }

  private Tensor turns() {
    Tensor q = Blocks.skew(blocks);
    double length = q.norm().item_double() + ALMOST_ZERO;
    if (longest > 0 && length > longest) {
      q = q.mul(new Scalar(longest / length));
    }
    return Blocks.cayley(q.neg());
  }

  private static long[] lengths(Tensor weight) {
    long[] shape = weight.shape();
    Arrays.fill(shape, 1, shape.length, 1);
    return shape;
  }

  @Override
  public OftDelta mapped(UnaryOperator<Tensor> place) {
    return new OftDelta(
        place.apply(blocks), rescale == null ? null : place.apply(rescale), longest);
  }

  @Override
  public long rank() {
    return blocks.size(-1);
  }
}
