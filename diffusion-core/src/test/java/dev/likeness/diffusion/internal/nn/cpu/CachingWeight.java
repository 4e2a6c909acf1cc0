package dev.likeness.diffusion.internal.nn.cpu;

import dev.likeness.diffusion.internal.tensor.TensorRegion;
import java.util.HashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/** A weight that keeps what is made of it. */
public record CachingWeight(Tensor tensor, TensorRegion region, Map<String, Tensor> forms)
    implements LayerWeight {
  public CachingWeight(Tensor wide, TensorRegion region) {
    this(wide, region, new HashMap<>());
  }

  @Override
  public boolean keepsForms() {
    return true;
  }

  @Override
  public Tensor form(String use, UnaryOperator<Tensor> making) {
    return forms.computeIfAbsent(use, u -> region.keep(making.apply(tensor)));
  }
}
