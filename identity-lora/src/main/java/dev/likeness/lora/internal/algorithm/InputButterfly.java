package dev.likeness.lora.internal.algorithm;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * peft's BOFT: what the layer is given is turned by orthogonal matrices in Cayley's form, at each
 * stage in blocks that reach twice as far, as a butterfly's wings do (Liu et al. 2024,
 * arXiv:2311.06243, section 4.1; src/peft/tuners/boft/layer.py), and every output has a length
 * beside.
 *
 * @param blocks [stages, number, size, size], of which the skew-symmetric part alone counts
 * @param lengths [out, 1]
 */
public record InputButterfly(Tensor blocks, Tensor lengths) implements WeightDelta {
  @Override
  public Tensor difference(Tensor weight) {
    Tensor turns = Blocks.cayley(Blocks.skew(blocks).mul(new Scalar(0.5)));
    Tensor turned = weight.flatten(1, -1);
    for (long stage = 0; stage < turns.size(0); stage++) {
      turned = wings(turned, turns.select(0, stage), 1L << stage);
    }
    return turned
        .mul(lengths.to(ScalarType.Float).view(-1, 1))
        .view(weight.shape())
        .sub(weight);
  }

  /** One stage: half-blocks {@code reach} apart meet in a block, turn, and go back. */
  private static Tensor wings(Tensor columns, Tensor turn, long reach) {
    if (reach == 1) {
      return Blocks.ofInputs(columns, turn);
    }
    long half = turn.size(1) / 2;
    Tensor met =
        columns.view(columns.size(0), -1, 2, reach, half).transpose(2, 3).reshape(columns.shape());
    return Blocks.ofInputs(met, turn)
        .view(columns.size(0), -1, reach, 2, half)
        .transpose(2, 3)
        .reshape(columns.shape());
  }

  @Override
  public InputButterfly mapped(UnaryOperator<Tensor> place) {
    return new InputButterfly(place.apply(blocks), place.apply(lengths));
  }

  @Override
  public long rank() {
    return blocks.size(-1);
  }
}
