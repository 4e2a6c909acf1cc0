package dev.likeness.diffusion;

import dev.likeness.diffusion.transformer.FluxConditioning;
import dev.likeness.diffusion.transformer.FluxControlNetModel;
import dev.likeness.diffusion.transformer.FluxResiduals;
import dev.likeness.diffusion.transformer.Rotation;
import dev.likeness.diffusion.unet.ControlNetModel;
import dev.likeness.diffusion.unet.ControlResiduals;
import dev.likeness.diffusion.unet.UNetConditioning;
import dev.likeness.schedulers.Step;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/**
 * Controls of a request while a batch is drawn: the network, and what it has seen of their
 * pictures.
 *
 * @param controls of one network: several where it is a union, else one
 * @param rows of the plan
 * @param unet the network beside a UNet, or null
 * @param flux the network beside FLUX, or null
 * @param seen of each control's picture; of several it holds how much they count
 * @param kinds what a union is told of the pictures' kinds, or null
 */
record Hint(
    List<Control> controls,
    int rows,
    ControlNetModel unet,
    FluxControlNetModel flux,
    List<Tensor> seen,
    Tensor kinds) {
  /** A request's controls, those of one union in one list. */
  static List<List<Control>> together(List<Control> controls) {
    Map<Object, List<Control>> lists = new LinkedHashMap<>();
    for (Control control : controls) {
      Object owner = control.net().isUnion() ? control.net() : new Object();
      lists.computeIfAbsent(owner, key -> new ArrayList<>()).add(control);
    }
    return List.copyOf(lists.values());
  }

  /** What all of them add to a UNet in a row, or null. */
  static ControlResiduals all(
      List<Hint> hints, Tensor input, Tensor time, UNetConditioning told, Step step) {
    return hints.stream()
        .filter(hint -> hint.at(step).findAny().isPresent())
        .map(hint -> hint.unet
            .forward(input, time, told, hint.at(step).reduce(Tensor::add).orElseThrow(), hint.kinds)
            .times(hint.scale()))
        .reduce(null, (sum, next) -> next.plus(sum));
  }

  /** What each of them adds to FLUX in a row. */
  static List<FluxResiduals> each(
      List<Hint> hints,
      Tensor tokens,
      Tensor time,
      FluxConditioning told,
      Rotation rotation,
      Step step) {
    return hints.stream()
        .filter(hint -> hint.at(step).findAny().isPresent())
        .map(hint -> hint.flux
            .forward(
                tokens,
                time,
                told,
                rotation,
                hint.seen.get(0),
                hint.controls.get(0).mode())
            .times(hint.scale()))
        .toList();
  }

  /** What counts of it in a row. */
  private Stream<Tensor> at(Step step) {
    return IntStream.range(0, controls.size())
        .filter(i -> controls.get(i).at(step.index(), rows))
        .mapToObj(seen::get);
  }

  private double scale() {
    return controls.size() == 1 ? controls.get(0).scale() : 1;
  }
}
