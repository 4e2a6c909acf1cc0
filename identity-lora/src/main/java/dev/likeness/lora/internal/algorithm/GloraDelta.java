package dev.likeness.lora.internal.algorithm;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * GLoRA: {@code scale * (W a + b)} with low-rank a and b (Chavan et al. 2023, arXiv:2306.07967,
 * equation 6, with the terms that LyCORIS uses).
 *
 * @param inA first factor of a [in, rank]
 * @param outA second factor of a [rank, in]
 * @param b the term that does not depend on W
 * @param scale the factor of both terms
 */
public record GloraDelta(Tensor inA, Tensor outA, LoraDelta b, double scale)
    implements WeightDelta {
  @Override
  public Tensor deltaWeight(Tensor weight) {
    Tensor a = torch.matmul(flatten(inA), flatten(outA));
    Tensor rows = weight.dim() == 2 ? weight : weight.permute(0, 2, 3, 1);
    Tensor moved = torch.matmul(rows, a);
    Tensor wa = weight.dim() == 2 ? moved : moved.permute(0, 3, 1, 2);
    return wa.add(b.deltaWeight(weight)).mul(new Scalar(scale));
  }

  private static Tensor flatten(Tensor factor) {
    return factor.to(ScalarType.Float).flatten(1, -1);
  }

  @Override
  public GloraDelta map(UnaryOperator<Tensor> place) {
    return new GloraDelta(place.apply(inA), place.apply(outA), b.map(place), scale);
  }

  @Override
  public long rank() {
    return b.rank();
  }
}
