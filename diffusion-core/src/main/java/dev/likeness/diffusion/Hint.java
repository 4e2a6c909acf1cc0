package dev.likeness.diffusion;

import dev.likeness.diffusion.transformer.FluxConditioning;
import dev.likeness.diffusion.transformer.FluxControlNetModel;
import dev.likeness.diffusion.transformer.FluxResiduals;
import dev.likeness.diffusion.transformer.Rotation;
import dev.likeness.diffusion.unet.ControlNetModel;
import dev.likeness.diffusion.unet.ControlResiduals;
import dev.likeness.diffusion.unet.UNetConditioning;
import dev.likeness.schedulers.Step;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * A request's control while a batch is drawn: the network, and what it has seen of the picture.
 *
 * @param rows of the plan
 * @param unet the network beside a UNet, or null
 * @param flux the network beside FLUX, or null
 */
record Hint(Control control, int rows, ControlNetModel unet, FluxControlNetModel flux, Tensor seen) {
  /** What all of them add to a UNet in a row, or null. */
  static ControlResiduals all(List<Hint> hints, Tensor input, Tensor time, UNetConditioning told, Step step) {
    return hints.stream().filter(hint -> hint.control.at(step.index(), hint.rows))
        .map(hint -> hint.unet.forward(input, time, told, hint.seen).times(hint.control.scale()))
        .reduce(null, (sum, next) -> next.plus(sum));
  }

  /** What each of them adds to FLUX in a row. */
  static List<FluxResiduals> each(List<Hint> hints, Tensor tokens, Tensor time, FluxConditioning told, Rotation rotation,
      Step step) {
    return hints.stream().filter(hint -> hint.control.at(step.index(), hint.rows))
        .map(hint -> hint.flux.forward(tokens, time, told, rotation, hint.seen, hint.control.mode())
            .times(hint.control.scale()))
        .toList();
  }
}
