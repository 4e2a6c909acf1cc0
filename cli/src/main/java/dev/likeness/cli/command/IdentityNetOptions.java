package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.diffusion.request.ControlNet;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.IpAdapterFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The options for the ControlNet of an identity method, where the image itself sets the pose. */
@Command(optionListHeading = "Reference images")
class IdentityNetOptions {
  @PathUse(Use.READ)
  @ModelFile
  @Option(
      names = "--identity-controlnet",
      paramLabel = "FOLDER",
      description = "ControlNet of the identity method: the folder that its publishers give out "
          + "beside the adapter. Other ControlNets are given by --controlnet of generate")
  private Path controlNet;

  @NumberRange
  @Option(
      names = "--identity-control-scale",
      paramLabel = "X",
      description = "strength of the --identity-controlnet (default: that of its authors)")
  private Double scale;

  /** Returns the folder of the ControlNet; empty if it is not given. */
  final Optional<Path> folder() {
    return Optional.ofNullable(controlNet);
  }

  /** Refuses options that have no effect without the ControlNet. */
  void requireUsed() {
    requireFolder("--identity-control-scale", scale);
  }

  /** Refuses an option that has no effect without the ControlNet. */
  final void requireFolder(String option, Object given) {
    if (controlNet == null && given != null) {
      throw new IllegalArgumentException(
          option + " does nothing without --identity-controlnet; give both or neither");
    }
  }

  /** Refuses, before any work, a ControlNet beside an adapter that has none of its own. */
  final void requireUsed(IpAdapterFile.Kind kind, Path adapter) {
    if (controlNet != null && kind.controlNet().isEmpty()) {
      throw new IllegalArgumentException("--identity-controlnet does nothing with " + adapter + ", "
          + kind.named() + "; leave --identity-controlnet out");
    }
  }

  /**
   * Refuses, before any work, an adapter without the ControlNet through which it acts alone, and
   * tells that the ControlNet of another adapter is missing.
   */
  final void tellIfMissing(IpAdapterFile.Kind kind, Path adapter, Console console) {
    kind.controlNet().filter(own -> controlNet == null).ifPresent(own -> {
      if (own.isRequired()) {
        throw new IllegalArgumentException(adapter + " is " + kind.named() + ", which acts through"
            + " its ControlNet alone; give the folder " + own.folder()
            + " of its publishers (" + own.place() + ")"
            + " with --identity-controlnet FOLDER");
      }
      console
          .err()
          .println(adapter + " is " + kind.named() + ", given without its ControlNet, so that"
              + " images look less like the person; give the folder " + own.folder()
              + " of its publishers (" + own.place() + ")"
              + " with --identity-controlnet FOLDER");
    });
  }

  /** Opens the ControlNet; the caller closes it. */
  final ControlNet open(Compute compute) {
    if (!Files.exists(controlNet)) {
      throw new InvalidInputException("the ControlNet " + controlNet + " does not exist; give the"
          + " folder of the adapter's ControlNet with --identity-controlnet FOLDER");
    }
    ControlNet net = BaseModel.openControlNet(controlNet, compute);
    if (net.modeCount() > 0) {
      net.close();
      throw new InvalidInputException(controlNet + " is a union ControlNet, but the ControlNet of"
          + " an identity has no control modes; give the folder of the adapter's ControlNet");
    }
    return net;
  }

  /** Returns the control image of an image; black where no pose is set. */
  final ControlImage control(ControlNet net, IpAdapterFile.Kind kind, RgbImage image) {
    return ControlImage.of(net, image)
        .scale(scale == null ? kind.controlNet().orElseThrow().scale() : scale);
  }

  /** Returns a black image, which sets no pose. */
  static RgbImage black(int width, int height) {
    return RgbImage.of(width, height, new byte[3 * width * height]);
  }
}
