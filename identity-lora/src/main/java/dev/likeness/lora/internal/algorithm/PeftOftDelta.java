package dev.likeness.lora.internal.algorithm;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * peft's OFT: what the layer is given is turned, block by block, by orthogonal matrices; the
 * inverse in Cayley's form is a series of few terms, as peft trains it (Qiu et al. 2025,
 * arXiv:2506.19847, equation 4), or exact.
 *
 * @param skew [blocks, size (size - 1) / 2], the upper triangles of skew-symmetric matrices; one
 *     block serves all
 * @param size of a block
 * @param terms of the series, or 0 for the exact inverse, which peft takes of the opposite angle
 */
public record PeftOftDelta(Tensor skew, long size, int terms) implements WeightDelta {
  @Override
  public Tensor difference(Tensor weight) {
    return OftDelta.Blocks.ofInputs(weight.flatten(1, -1), turns())
        .view(weight.shape())
        .sub(weight);
  }

  private Tensor turns() {
    Tensor q = triangles();
    if (terms == 0) {
      return OftDelta.Blocks.cayley(q);
    }
    Tensor one = torch.eye(size);
    // The last term alone counts once, and there are always two powers beyond the first, as in
    // peft.
    Tensor power = q;
    Tensor twice = terms > 1 ? q : torch.zeros_like(q);
    if (terms > 2) {
      power = torch.matmul(power, q);
      twice = twice.add(power);
      for (int term = 3; term < terms - 1; term++) {
        power = torch.matmul(power, q);
        twice = twice.add(power);
      }
      return one.add(twice.mul(new Scalar(2.0))).add(torch.matmul(power, q));
    }
    return one.add(twice.mul(new Scalar(2.0)));
  }

  private Tensor triangles() {
    Tensor upper = torch.zeros(skew.size(0), size, size);
    Tensor places = torch.ones(size, size).triu(1).to(ScalarType.Bool);
    upper = upper.masked_scatter(
        places.unsqueeze(0).expand(skew.size(0), size, size), skew.to(ScalarType.Float));
    return upper.sub(upper.transpose(1, 2));
  }

  @Override
  public PeftOftDelta mapped(UnaryOperator<Tensor> place) {
    return new PeftOftDelta(place.apply(skew), size, terms);
  }

  @Override
  public long rank() {
    return size;
  }

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
      Tensor turns = OftDelta.Blocks.cayley(OftDelta.Blocks.skew(blocks).mul(new Scalar(0.5)));
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
        return OftDelta.Blocks.ofInputs(columns, turn);
      }
      long half = turn.size(1) / 2;
      Tensor met = columns
          .view(columns.size(0), -1, 2, reach, half)
          .transpose(2, 3)
          .reshape(columns.shape());
      return OftDelta.Blocks.ofInputs(met, turn)
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

  /**
   * OFT as peft wrote it before 0.16 (src/peft/tuners/oft/layer.py): orthogonal matrices in
   * Cayley's form, of which whole matrices are kept, turn what the layer gives block by block;
   * since 0.15 they turn what it is given, and every output has a length beside.
   *
   * @param blocks [number, size, size]; one serves all; their skew-symmetric part alone counts
   * @param lengths [out, 1], of which there are any where the input is turned; otherwise null
   */
  public record MatrixRotation(Tensor blocks, Tensor lengths) implements WeightDelta {
    @Override
    public Tensor difference(Tensor weight) {
      Tensor turns = OftDelta.Blocks.cayley(OftDelta.Blocks.skew(blocks).mul(new Scalar(0.5)));
      Tensor flat = weight.flatten(1, -1);
      Tensor turned = lengths == null
          ? ofOutputs(flat, turns)
          : OftDelta.Blocks.ofInputs(flat, turns)
              .mul(lengths.to(ScalarType.Float).view(-1, 1));
      return turned.view(weight.shape()).sub(weight);
    }

    // The last blocks may reach beyond the outputs; what they would take from there is nothing.
    private static Tensor ofOutputs(Tensor rows, Tensor turns) {
      long size = turns.size(1);
      long reach = Math.max(turns.size(0), (rows.size(0) + size - 1) / size) * size;
      Tensor padded =
          torch.constant_pad_nd(rows, new long[] {0, 0, 0, reach - rows.size(0)}, new Scalar(0.0));
      return OftDelta.Blocks.ofOutputs(padded, turns).narrow(0, 0, rows.size(0));
    }

    @Override
    public MatrixRotation mapped(UnaryOperator<Tensor> place) {
      return new MatrixRotation(place.apply(blocks), lengths == null ? null : place.apply(lengths));
    }

    @Override
    public long rank() {
      return blocks.size(1);
    }
  }
}
