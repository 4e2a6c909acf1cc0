package dev.likeness.lora.internal.algorithm;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * OFT as peft wrote it before 0.16 (src/peft/tuners/oft/layer.py): orthogonal matrices in Cayley's
 * form, of which whole matrices are kept, turn what the layer gives block by block; since 0.15 they
 * turn what it is given, and every output has a length beside.
 *
 * @param blocks [number, size, size]; one serves all; their skew-symmetric part alone counts
 * @param lengths [out, 1], of which there are any where the input is turned; otherwise null
 */
public record MatrixRotation(Tensor blocks, Tensor lengths) implements WeightDelta {
  @Override
  public Tensor difference(Tensor weight) {
    Tensor turns = Blocks.cayley(Blocks.skew(blocks).mul(new Scalar(0.5)));
    Tensor flat = weight.flatten(1, -1);
    Tensor turned = lengths == null
        ? ofOutputs(flat, turns)
        : Blocks.ofInputs(flat, turns).mul(lengths.to(ScalarType.Float).view(-1, 1));
    return turned.view(weight.shape()).sub(weight);
  }

  // The last blocks may reach beyond the outputs; what they would take from there is nothing.
  private static Tensor ofOutputs(Tensor rows, Tensor turns) {
    long size = turns.size(1);
    long reach = Math.max(turns.size(0), (rows.size(0) + size - 1) / size) * size;
    Tensor padded =
        torch.constant_pad_nd(rows, new long[] {0, 0, 0, reach - rows.size(0)}, new Scalar(0.0));
    return Blocks.ofOutputs(padded, turns).narrow(0, 0, rows.size(0));
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
