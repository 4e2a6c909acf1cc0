package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.cudagraph.StepRunner;
import dev.likeness.schedulers.SamplingPlan;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * What a run draws on.
 *
 * @param initial the first sample, [batch, channels, h, w], f32
 * @param blend what is kept of an image on the way
 * @param inpaintingChannels what an inpainting network is shown beside the sample, mask and kept
 *     part: [batch, 1 + channels, h, w]; or null
 * @param reference latents of an image to edit, of a size of its own, [1, channels, h, w]; or null
 * @param controls encoded control images, by ControlNet
 * @param runner how the network's work is run
 */
public record PreparedLatents(
    Tensor initial,
    Blend blend,
    Tensor inpaintingChannels,
    Tensor reference,
    List<ControlInput> controls,
    StepRunner runner) {
  public PreparedLatents(
      Tensor start, Blend blend, Tensor beside, Tensor reference, List<ControlInput> controls) {
    this(start, blend, beside, reference, controls, StepRunner.EAGER);
  }

  public PreparedLatents(Tensor start, Blend blend, Tensor beside) {
    this(start, blend, beside, null, List.of());
  }

  public PreparedLatents withControls(List<ControlInput> others) {
    return new PreparedLatents(initial, blend, inpaintingChannels, reference, others, runner);
  }

  public PreparedLatents withRunner(StepRunner other) {
    return new PreparedLatents(initial, blend, inpaintingChannels, reference, controls, other);
  }

  /**
   * A network's input, which holds the batch once or several times, with what it is shown beside
   * it.
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

  /**
   * What is put into a sample between two rows: the kept part of an image, while the rest is drawn.
   */
  @FunctionalInterface
  public interface Blend {
    /** Puts nothing in. */
    Blend NONE = (sample, plan, row) -> sample;

    /**
     * The sample with something put into it; {@code sample} itself when that is nothing.
     *
     * @param sample what the last row made, [batch, channels, h, w], f32
     * @param row the row that is given the result; {@code plan.size()} after the last one, where no
     *     noise is left
     * @return the same shape, owned by the calling scope
     */
    Tensor apply(Tensor sample, SamplingPlan plan, int row);
  }
}
