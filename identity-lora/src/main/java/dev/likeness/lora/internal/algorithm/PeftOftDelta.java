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
    return Blocks.ofInputs(weight.flatten(1, -1), turns()).view(weight.shape()).sub(weight);
  }

  private Tensor turns() {
    Tensor q = triangles();
    if (terms == 0) {
      return Blocks.cayley(q);
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
}
