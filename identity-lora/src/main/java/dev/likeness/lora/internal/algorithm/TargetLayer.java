package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A layer of a base model whose weight can change, as LoRA files name it.
 *
 * @param path its module path in the part, with dots
 * @param shape its weight's shape: [out, in], [out, in, height, width], or [channels] of a norm
 */
public record TargetLayer(ModelComponent component, String path, List<Long> shape) {
  /** Channels that come out. */
  public long out() {
    return shape.get(0);
  }

  /** Channels that go in; 1 for a norm. */
  public long in() {
    return shape.size() == 1 ? 1 : shape.get(1);
  }

  public boolean isConvolution() {
    return shape.size() == 4;
  }

  /** Whether it is a norm, whose weight is one number for each channel. */
  public boolean isNorm() {
    return shape.size() == 1;
  }

  /** Side of the convolution's window; 1 for a linear layer. */
  public long kernelSize() {
    return isConvolution() ? shape.get(2) : 1;
  }

  /** {@code unet.down_blocks.0…}: part and path, unique in a model. */
  public String name() {
    return component.folder() + "." + path;
  }

  /** Its weight's full name within the part. */
  public String weight() {
    return path + ".weight";
  }

  /** Its bias's full name within the part. */
  public String bias() {
    return path + ".bias";
  }

  /** Its own weight in {@code base}, f32 on the CPU; the calling scope's. */
  public Tensor readF32(OpenModel base) {
    return readF32(base, weight());
  }

  /** Its tensor {@code name} in {@code base}, f32 on the CPU; the calling scope's. */
  public Tensor readF32(OpenModel base, String name) {
    return base.read(component, name).cpu().to(ScalarType.Float);
  }

  @Override
  public String toString() {
    return name() + " " + shape;
  }
}
