package dev.likeness.lora.internal.algorithm;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import java.util.List;
import java.util.regex.Pattern;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * A layer of a base model whose weight a LoRA can change.
 *
 * @param path the module path in the component, with dots
 * @param shape the shape of the weight: [out, in], [out, in, height, width], or [channels] of a
 *     norm
 * @param component the component of the model
 */
public record TargetLayer(ModelComponent component, String path, List<Long> shape) {
  private static final Pattern EMBEDDING =
      Pattern.compile("embeddings\\.|(^|\\.)(shared|embed_tokens|relative_attention_bias)$");

  /** Returns the number of output channels; the number of rows of an embedding table. */
  public long out() {
    return shape.get(0);
  }

  /** Returns the number of input channels; 1 for a norm. */
  public long in() {
    return shape.size() == 1 ? 1 : shape.get(1);
  }

  public boolean isConvolution() {
    return shape.size() == 4;
  }

  /** Returns true for a norm, whose weight is one number per channel. */
  public boolean isNorm() {
    return shape.size() == 1;
  }

  /** Returns true for an embedding table [rows, width], whose rows are looked up. */
  public boolean isEmbedding() {
    return EMBEDDING.matcher(path).find();
  }

  /** Returns the side of the convolution window; 1 for a linear layer. */
  public long kernelSize() {
    return isConvolution() ? shape.get(2) : 1;
  }

  /** Returns component and path, such as {@code unet.down_blocks.0…}; unique in a model. */
  public String name() {
    return component.folder() + "." + path;
  }

  /** Returns the full name of its weight in the component. */
  public String weight() {
    return path + ".weight";
  }

  /** Returns the full name of its bias in the component. */
  public String bias() {
    return path + ".bias";
  }

  /** Returns its weight in {@code base}, f32 on the CPU. The calling scope owns it. */
  public Tensor readF32(OpenModel base) {
    return readF32(base, weight());
  }

  /** Returns its tensor {@code name} in {@code base}, f32 on the CPU. The calling scope owns it. */
  public Tensor readF32(OpenModel base, String name) {
    return base.read(component, name).cpu().to(ScalarType.Float);
  }

  @Override
  public String toString() {
    return name() + " " + shape;
  }
}
