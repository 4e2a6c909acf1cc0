package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ControlImage;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** Capability: the base supports ControlNets. */
public interface ControlImages {
  /** The pixels of a control image as ControlNet input, [1, 3, height, width]. */
  Tensor pixels(ControlImage control, RgbImage image);

  /**
   * Encodes the control images of one ControlNet.
   *
   * @param rows number of rows of the plan
   * @param input the ControlNet's input for a control image: {@link #pixels}, or latents
   * @throws IllegalArgumentException if the ControlNet is for another base, or the control image
   *     lacks a mode
   */
  ControlInput encode(List<ControlImage> controls, int rows, Function<ControlImage, Tensor> input);
}
