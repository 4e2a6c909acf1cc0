package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import java.util.List;

/**
 * A linear or convolutional layer of a base model, as LoRA files name it.
 *
 * @param path its module path in the part, with dots
 * @param shape its weight's shape: [out, in] or [out, in, height, width]
 */
record Layer(Part part, String path, List<Long> shape) {
  long out() {
    return shape.get(0);
  }

  long in() {
    return shape.get(1);
  }

  boolean isConvolution() {
    return shape.size() == 4;
  }

  /** Side of the convolution's window; 1 for a linear layer. */
  long kernel() {
    return isConvolution() ? shape.get(2) : 1;
  }

  /** {@code unet.down_blocks.0…}: part and path, unique in a model. */
  String name() {
    return part.folder() + "." + path;
  }

  @Override
  public String toString() {
    return name() + " " + shape;
  }
}
