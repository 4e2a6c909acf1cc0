package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel.Role;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The ControlNet options. Repeated options belong to ControlNets by their order. */
@Command(optionListHeading = "ControlNets")
final class ControlOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  @PathUse(Use.READ)
  @ModelFile(Role.CONTROLNET)
  @Option(
      names = "--controlnet",
      paramLabel = "DIR",
      description =
          "ControlNet; give one --control-image for each. May be repeated. If a union ControlNet "
              + "is repeated, it uses all its images together")
  private List<Path> controlNets = List.of();

  @PathUse(Use.READ)
  @Option(
      names = "--control-image",
      paramLabel = "IMAGE",
      description =
          "control image, such as edges or a pose, in the form the ControlNet was trained on")
  private List<Path> images = List.of();

  @NumberRange
  @Option(
      names = "--control-scale",
      paramLabel = "X",
      description = "strength of the ControlNet (default: that of the catalogue, or 1)")
  private List<Double> scales = List.of();

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--control-start",
      paramLabel = "X",
      description = "share of the steps, 0..1, at which the ControlNet starts (default: 0)")
  private List<Double> starts = List.of();

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--control-end",
      paramLabel = "X",
      description = "share of the steps, 0..1, at which the ControlNet ends (default: 1)")
  private List<Double> ends = List.of();

  @Option(
      names = "--control-mode",
      paramLabel = "KIND",
      description = "kind of the control image for a union ControlNet: its number, or its name, "
          + "such as canny, if the ControlNet has names")
  private List<String> modes = List.of();

  @PathUse(Use.READ)
  @Option(
      names = "--control-mask",
      paramLabel = "IMAGE",
      description =
          "mask for a ControlNet that was trained for inpainting; its white pixels are generated "
              + "again")
  private List<Path> masks = List.of();

  @Option(
      names = "--guess-mode",
      description = "ControlNets act only on the prediction for the prompt, so that images follow "
          + "the control image even with an empty prompt; a --guidance of 3 to 5 is usual")
  private boolean isGuess;

  /**
   * Returns the request with its control images. ControlNets that are opened are added to
   * {@code open}, which the caller closes. This needs no base, so that a bad file is refused before
   * the base is opened.
   */
  ImageRequest apply(
      ImageRequest request, Compute compute, List<AutoCloseable> open, Console console) {
    if (controlNets.size() != images.size()) {
      throw new IllegalArgumentException(
          "give one --control-image IMAGE for each --controlnet DIR; got " + images.size()
              + " --control-image and " + controlNets.size() + " --controlnet");
    }
    if (Stream.of(scales, starts, ends, modes, masks)
        .anyMatch(given -> given.size() > controlNets.size())) {
      throw new IllegalArgumentException(
          "--control-scale, --control-start, --control-end, --control-mode and --control-mask may "
              + "be given once for each --controlnet, got " + controlNets.size()
              + " --controlnet; leave out the surplus options");
    }
    // Images are read first, which takes less time than a ControlNet.
    List<RgbImage> shown = images.stream().map(RgbImage::read).toList();
    List<RgbImage> regions =
        masks.stream().map(mask -> MaskFile.read(mask, spec)).toList();
    List<ControlImage> controls = new ArrayList<>();
    Map<Path, ControlNet> opened = new HashMap<>();
    for (int i = 0; i < controlNets.size(); i++) {
      ControlNet net =
          opened.computeIfAbsent(controlNets.get(i), path -> open(path, compute, open));
      ControlImage control = ControlImage.of(net, shown.get(i))
          .scale(
              i < scales.size()
                  ? scales.get(i)
                  : CatalogueRecipe.weight(
                          Role.CONTROLNET, controlNets.get(i), "--control-scale ", console)
                      .orElse(1))
          .between(getOrDefault(starts, i, 0.0), getOrDefault(ends, i, 1.0));
      control =
          i < modes.size() && !modes.get(i).equals("-1") ? control.mode(modes.get(i)) : control;
      net.requireMode(control);
      control = isGuess ? control.guessMode() : control;
      controls.add(i < regions.size() ? control.mask(regions.get(i)) : control);
    }
    ImageRequest held = request;
    for (ControlImage control : controls) {
      held = held.controlImage(control);
    }
    return held;
  }

  private static ControlNet open(Path path, Compute compute, List<AutoCloseable> open) {
    ControlNet net = BaseModel.openControlNet(path, compute);
    open.add(net);
    return net;
  }

  private static <T> T getOrDefault(List<T> given, int i, T otherwise) {
    return i < given.size() ? given.get(i) : otherwise;
  }
}
