package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ControlImage;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** Capability: ControlNets work beside the network. */
public interface ControlImages {
  /** A control image in pixels as its ControlNet is given it, [1, 3, height, width]. */
  Tensor pixels(ControlImage control, RgbImage image);

  /**
   * Encodes the control images that one ControlNet is given together.
   *
   * @param rows of the plan
   * @param input a control image as its ControlNet is given it: {@link #pixels}, or latents
   * @throws IllegalArgumentException when the ControlNet is for another base, or lacks a mode that
   *     it needs
   */
  ControlInput encode(List<ControlImage> controls, int rows, Function<ControlImage, Tensor> input);
}
