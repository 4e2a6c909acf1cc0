package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.AdapterLayer;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * A change that is computed beside its layer, from the layer's own input, so that the layer stays
 * as it is.
 */
public interface SideChange extends WeightDelta {
  /** The path beside the layer at a weight. */
  AdapterLayer at(double weight);

  @Override
  SideChange mapped(UnaryOperator<Tensor> place);
}
