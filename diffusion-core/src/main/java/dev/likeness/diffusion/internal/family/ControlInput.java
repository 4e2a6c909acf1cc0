package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.family.flux.FluxControlNetModel;
import dev.likeness.diffusion.internal.family.flux.FluxTransformer2DModel;
import dev.likeness.diffusion.internal.family.stablediffusion.ControlNetModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.nn.transformer.RotaryEmbedding;
import dev.likeness.diffusion.request.ControlImage;
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
public record ControlInput(
    List<ControlImage> controls,
    int rows,
    ControlNetModel unet,
    FluxControlNetModel flux,
    List<Tensor> seen,
    Tensor kinds) {
  /** A request's controls, those of one union in one list. */
  public static List<List<ControlImage>> together(List<ControlImage> controls) {
    Map<Object, List<ControlImage>> lists = new LinkedHashMap<>();
    for (ControlImage control : controls) {
      Object owner = control.net().isUnion() ? control.net() : new Object();
      lists.computeIfAbsent(owner, key -> new ArrayList<>()).add(control);
    }
    return List.copyOf(lists.values());
  }

  /** What all of them add to a UNet in a row, or null. */
  public static ControlNetModel.Residuals all(
      List<ControlInput> hints, Tensor input, Tensor time, UNetConditioning told, Step step) {
    return hints.stream()
        .filter(hint -> hint.at(step).findAny().isPresent())
        .map(hint -> hint.unet
            .forward(input, time, told, hint.at(step).reduce(Tensor::add).orElseThrow(), hint.kinds)
            .times(hint.scale()))
        .reduce(null, (sum, next) -> next.plus(sum));
  }

  /** What each of them adds to FLUX in a row. */
  public static List<FluxControlNetModel.Residuals> each(
      List<ControlInput> hints,
      Tensor tokens,
      Tensor time,
      FluxTransformer2DModel.Inputs told,
      RotaryEmbedding rotation,
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
