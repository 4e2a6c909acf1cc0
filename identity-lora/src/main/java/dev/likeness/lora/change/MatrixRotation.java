package dev.likeness.lora.change;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * OFT as peft wrote it before 0.16 (src/peft/tuners/oft/layer.py): orthogonal matrices in Cayley's form, of which whole
 * matrices are kept, turn what the layer gives block by block; since 0.15 they turn what it is given, and every output has a
 * length beside.
 *
 * @param blocks [number, size, size]; one serves all; their skew-symmetric part alone counts
 * @param lengths [out, 1], of which there are any where the input is turned; otherwise null
 */
public record MatrixRotation(Tensor blocks, Tensor lengths) implements Change {
  @Override
  public Tensor difference(Tensor weight) {
    Tensor flat = weight.flatten(1, -1);
    Tensor turned = lengths == null ? turnedOutputs(flat) : turnedInputs(flat);
    return turned.view(weight.shape()).sub(weight);
  }

  private Tensor turnedInputs(Tensor rows) {
    Tensor inBlocks = rows.view(rows.size(0), -1, 1, blocks.size(1));
    Tensor turned = torch.matmul(inBlocks, turns().transpose(1, 2)).view(rows.shape());
    return turned.mul(lengths.to(ScalarType.Float).view(-1, 1));
  }

  // The last blocks may reach beyond the outputs; what they would take from there is nothing.
  private Tensor turnedOutputs(Tensor rows) {
    long size = blocks.size(1);
    long count = Math.max(blocks.size(0), (rows.size(0) + size - 1) / size);
    Tensor padded = torch.constant_pad_nd(rows, new long[] {0, 0, 0, count * size - rows.size(0)}, new Scalar(0.0));
    Tensor turned = torch.matmul(turns().transpose(1, 2), padded.view(count, size, -1));
    return turned.flatten(0, 1).narrow(0, 0, rows.size(0));
  }

  private Tensor turns() {
    Tensor b = blocks.to(ScalarType.Float);
    Tensor skew = b.sub(b.transpose(1, 2)).mul(new Scalar(0.5));
    Tensor one = torch.eye(b.size(1));
    return torch.matmul(one.sub(skew), torch.inverse(one.add(skew)));
  }

  @Override
  public MatrixRotation mapped(UnaryOperator<Tensor> place) {
    return new MatrixRotation(place.apply(blocks), lengths == null ? null : place.apply(lengths));
  }

  @Override
  public long rank() {
    return blocks.size(1);
  }

  @Override
  public double scale() {
    return 1;
  }
}
