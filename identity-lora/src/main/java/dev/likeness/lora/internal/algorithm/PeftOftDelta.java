package dev.likeness.lora.internal.algorithm;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * OFT of peft: orthogonal matrices rotate the input of the layer, block by block. The inverse in
 * the Cayley form is a short series, as peft trains it (Qiu et al. 2025, arXiv:2506.19847, equation
 * 4), or exact.
 *
 * @param skew [blocks, size (size - 1) / 2], the upper triangles of skew-symmetric matrices; one
 *     block serves all
 * @param blockSize the side of a block
 * @param cayleyTerms the number of terms of the series; 0 for the exact inverse, for which peft
 *     uses the opposite angle
 */
public record PeftOftDelta(Tensor skew, long blockSize, int cayleyTerms) implements WeightDelta {
  @Override
  public Tensor deltaWeight(Tensor weight) {
    return OftDelta.Blocks.rotateInputs(weight.flatten(1, -1), rotations())
        .view(weight.shape())
        .sub(weight);
  }

  private Tensor rotations() {
    Tensor q = skewMatrices();
    if (cayleyTerms == 0) {
      return OftDelta.Blocks.cayley(q);
    }
    Tensor one = torch.eye(blockSize);
    // As in peft, the last term counts once, and there are always two powers beyond the first.
    Tensor power = q;
    Tensor twice = cayleyTerms > 1 ? q : torch.zeros_like(q);
    if (cayleyTerms > 2) {
      power = torch.matmul(power, q);
      twice = twice.add(power);
      for (int term = 3; term < cayleyTerms - 1; term++) {
        power = torch.matmul(power, q);
        twice = twice.add(power);
      }
      return one.add(twice.mul(new Scalar(2.0))).add(torch.matmul(power, q));
    }
    return one.add(twice.mul(new Scalar(2.0)));
  }

  private Tensor skewMatrices() {
    Tensor upper = torch.zeros(skew.size(0), blockSize, blockSize);
    Tensor places = torch.ones(blockSize, blockSize).triu(1).to(ScalarType.Bool);
    upper = upper.masked_scatter(
        places.unsqueeze(0).expand(skew.size(0), blockSize, blockSize), skew.to(ScalarType.Float));
    return upper.sub(upper.transpose(1, 2));
  }

  @Override
  public PeftOftDelta map(UnaryOperator<Tensor> place) {
    return new PeftOftDelta(place.apply(skew), blockSize, cayleyTerms);
  }

  @Override
  public long rank() {
    return blockSize;
  }

  /**
   * BOFT of peft: orthogonal matrices in Cayley form rotate the input of the layer, in stages of a
   * butterfly pattern, and each output has a scale (Liu et al. 2024, arXiv:2311.06243, section 4.1;
   * src/peft/tuners/boft/layer.py).
   *
   * @param blocks [stages, number, size, size]; only their skew-symmetric part counts
   * @param scales [out, 1]
   */
  public record InputButterfly(Tensor blocks, Tensor scales) implements WeightDelta {
    @Override
    public Tensor deltaWeight(Tensor weight) {
      Tensor turns = OftDelta.Blocks.cayley(OftDelta.Blocks.skew(blocks).mul(new Scalar(0.5)));
      Tensor turned = weight.flatten(1, -1);
      for (long stage = 0; stage < turns.size(0); stage++) {
        turned = butterfly(turned, turns.select(0, stage), 1L << stage);
      }
      return turned
          .mul(scales.to(ScalarType.Float).view(-1, 1))
          .view(weight.shape())
          .sub(weight);
    }

    /**
     * Applies one stage: half-blocks that are {@code reach} apart form a block, are rotated, and
     * return to their places.
     */
    private static Tensor butterfly(Tensor columns, Tensor turn, long reach) {
      if (reach == 1) {
        return OftDelta.Blocks.rotateInputs(columns, turn);
      }
      long half = turn.size(1) / 2;
      Tensor met = columns
          .view(columns.size(0), -1, 2, reach, half)
          .transpose(2, 3)
          .reshape(columns.shape());
      return OftDelta.Blocks.rotateInputs(met, turn)
          .view(columns.size(0), -1, reach, 2, half)
          .transpose(2, 3)
          .reshape(columns.shape());
    }

    @Override
    public InputButterfly map(UnaryOperator<Tensor> place) {
      return new InputButterfly(place.apply(blocks), place.apply(scales));
    }

    @Override
    public long rank() {
      return blocks.size(-1);
    }
  }

  /**
   * OFT in the form that peft wrote before 0.16 (src/peft/tuners/oft/layer.py). Orthogonal matrices
   * in Cayley form, stored whole, rotate the outputs of the layer block by block. Since 0.15 they
   * rotate the inputs, and each output has a scale.
   *
   * @param blocks [number, size, size]; one may serve all; only their skew-symmetric part counts
   * @param scales [out, 1] if the input is rotated, otherwise null
   */
  public record MatrixRotation(Tensor blocks, Tensor scales) implements WeightDelta {
    @Override
    public Tensor deltaWeight(Tensor weight) {
      Tensor turns = OftDelta.Blocks.cayley(OftDelta.Blocks.skew(blocks).mul(new Scalar(0.5)));
      Tensor flat = weight.flatten(1, -1);
      Tensor turned = scales == null
          ? rotateOutputs(flat, turns)
          : OftDelta.Blocks.rotateInputs(flat, turns)
              .mul(scales.to(ScalarType.Float).view(-1, 1));
      return turned.view(weight.shape()).sub(weight);
    }

    // The last blocks may exceed the outputs; missing outputs count as zero.
    private static Tensor rotateOutputs(Tensor rows, Tensor turns) {
      long size = turns.size(1);
      long reach = Math.max(turns.size(0), (rows.size(0) + size - 1) / size) * size;
      Tensor padded =
          torch.constant_pad_nd(rows, new long[] {0, 0, 0, reach - rows.size(0)}, new Scalar(0.0));
      return OftDelta.Blocks.rotateOutputs(padded, turns).narrow(0, 0, rows.size(0));
    }

    @Override
    public MatrixRotation map(UnaryOperator<Tensor> place) {
      return new MatrixRotation(place.apply(blocks), scales == null ? null : place.apply(scales));
    }

    @Override
    public long rank() {
      return blocks.size(1);
    }
  }
}
