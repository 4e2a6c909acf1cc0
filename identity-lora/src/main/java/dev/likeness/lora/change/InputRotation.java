package dev.likeness.lora.change;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * peft's OFT: what the layer is given is turned, block by block, by orthogonal matrices; the inverse in Cayley's form
 * is a series of five terms, as peft trains it (Qiu et al. 2025, arXiv:2506.19847, equation 4).
 *
 * @param skew [blocks, size (size - 1) / 2], the upper triangles of skew-symmetric matrices; one block serves all
 * @param size of a block
 */
public record InputRotation(Tensor skew, long size) implements Change {
  @Override
  public Tensor difference(Tensor weight) {
    Tensor flat = weight.flatten(1, -1);
    Tensor turns = turns();
    Tensor inBlocks = flat.view(flat.size(0), -1, 1, size);
    // peft multiplies the input by the block, so a row of the weight by its transpose.
    Tensor turned = torch.matmul(inBlocks, turns.transpose(1, 2)).view(weight.shape());
    return turned.sub(weight);
  }

  private Tensor turns() {
    Tensor q = triangles();
    Tensor second = torch.matmul(q, q);
    Tensor third = torch.matmul(second, q);
    Tensor fourth = torch.matmul(third, q);
    return torch.eye(size).add(q.add(second).add(third).mul(new Scalar(2.0))).add(fourth);
  }

  private Tensor triangles() {
    Tensor upper = torch.zeros(skew.size(0), size, size);
    Tensor places = torch.ones(size, size).triu(1).to(ScalarType.Bool);
    upper = upper.masked_scatter(places.unsqueeze(0).expand(skew.size(0), size, size), skew.to(ScalarType.Float));
    return upper.sub(upper.transpose(1, 2));
  }

  @Override
  public InputRotation mapped(UnaryOperator<Tensor> place) {
    return new InputRotation(place.apply(skew), size);
  }

  @Override
  public long rank() {
    return size;
  }

  @Override
  public double scale() {
    return 1;
  }
}
