package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.SidePath;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * A change that is computed beside its layer, from the layer's own input, so that the layer stays
 * as it is.
 */
public interface SideChange extends Change {
  /** The path beside the layer at a weight. */
  SidePath at(double weight);

  @Override
  SideChange mapped(UnaryOperator<Tensor> place);
}
