package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import org.bytedeco.pytorch.Tensor;

/** A base model's own tensors, which some changes are measured against. */
@FunctionalInterface
interface BaseTensors {
  /** The tensor of that name within the part, in the model's type; owned by the model. */
  Tensor get(Part part, String name);
}
