package dev.likeness.diffusion.internal.family;

import dev.likeness.schedulers.SamplingPlan;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * The input of the sampling loop.
 *
 * @param initial the first sample, [batch, channels, h, w], f32
 * @param blend blends the kept part of an image into samples
 * @param inpaintingChannels the mask and kept part for an inpainting network, [batch, 1 + channels,
 *     h, w]; or null
 * @param references latents of the reference images, each of its own size, [1, channels, h, w]
 * @param controls encoded control images, by ControlNet
 */
public record PreparedLatents(
    Tensor initial,
    Blend blend,
    Tensor inpaintingChannels,
    List<Tensor> references,
    List<ControlInput> controls) {
  public PreparedLatents(Tensor start, Blend blend, Tensor beside, List<Tensor> references) {
    this(start, blend, beside, references, List.of());
  }

  public PreparedLatents(Tensor start, Blend blend, Tensor beside) {
    this(start, blend, beside, List.of());
  }

  /** Returns the number of tokens of all reference images, for tokens of {@code side} latents. */
  public long referenceTokens(int side) {
    return references.stream()
        .mapToLong(latents -> latents.size(2) / side * (latents.size(3) / side))
        .sum();
  }

  public PreparedLatents withControls(List<ControlInput> others) {
    return new PreparedLatents(initial, blend, inpaintingChannels, references, others);
  }

  /**
   * Concatenates a network's input, which has the batch once or several times, with the inpainting
   * channels.
   */
  public Tensor networkInput(Tensor input) {
    return inpaintingChannels == null
        ? input
        : torch.cat(
            new TensorVector(
                input,
                inpaintingChannels.repeat(input.size(0) / inpaintingChannels.size(0), 1, 1, 1)),
            1);
  }

  /** Blends the kept part of an image into the sample between two rows. */
  @FunctionalInterface
  public interface Blend {
    /** Leaves samples unchanged. */
    Blend NONE = (sample, plan, row) -> sample;

    /**
     * The blended sample; {@code sample} itself without blending.
     *
     * @param sample the result of the last row, [batch, channels, h, w], f32
     * @param row the next row; {@code plan.size()} after the last one, at which no noise is left
     * @return the same shape, owned by the calling scope
     */
    Tensor apply(Tensor sample, SamplingPlan plan, int row);
  }
}
