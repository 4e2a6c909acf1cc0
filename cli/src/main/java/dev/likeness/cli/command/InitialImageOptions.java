package dev.likeness.cli.command;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.photos.decode.ExifOrientation;
import java.nio.file.Path;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What a run begins from instead of noise alone. */
final class InitialImageOptions {
  @Option(
      names = {"--init", "--init-image"},
      paramLabel = "IMAGE",
      description = "draws over this image")
  private Path init;

  @Option(
      names = "--strength",
      paramLabel = "X",
      defaultValue = "NaN",
      description = "how much of it is redrawn, 0..1 (default: the base's)")
  private double strength;

  @Option(
      names = "--mask",
      paramLabel = "IMAGE",
      description = "redraws where this is white and keeps what is black")
  private Path mask;

  @Option(
      names = "--change-map",
      paramLabel = "IMAGE",
      description = "redraws the more the lighter this is")
  private Path changeMap;

  @Option(
      names = "--extend",
      paramLabel = "L,T,R,B",
      split = ",",
      description = "draws margins of so many pixels around it: left, top, right, bottom")
  private int[] margins;

  @Option(
      names = "--hires",
      paramLabel = "X",
      description = "draws over the result, enlarged so many times")
  private double hires;

  @Option(
      names = "--hires-strength",
      paramLabel = "X",
      defaultValue = "0.6",
      description = "how much of it is redrawn, 0..1 (default: ${DEFAULT-VALUE})")
  private double hiresStrength;

  @Option(names = "--hires-pixels", description = "enlarges the image rather than its latents")
  private boolean hiresPixels;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  ImageRequest apply(ImageRequest request) {
    ImageRequest begun = withInitialImage(request);
    return hires == 0 ? begun : begun.hires(new HiresFix(hires, hiresStrength, 0, hiresPixels));
  }

  private ImageRequest withInitialImage(ImageRequest request) {
    if (init == null) {
      require(
          mask == null && changeMap == null && margins == null && Double.isNaN(strength),
          "--strength, --mask, --change-map and --extend need an image: --init IMAGE");
      return request;
    }
    boolean one =
        (mask == null ? 0 : 1) + (changeMap == null ? 0 : 1) + (margins == null ? 0 : 1) <= 1;
    require(one, "give one of --mask, --change-map and --extend");
    RgbImage image = ExifOrientation.toUpright(init, RgbImage.read(init));
    if (margins != null) {
      require(margins.length == 4, "--extend needs four numbers: left, top, right, bottom");
      ImageRequest wider = request.outpaint(image, margins[0], margins[1], margins[2], margins[3]);
      return wider
          .initialImage(wider.initialImage().strength(strength))
          .size(
              request.width() == 0 ? wider.width() : request.width(),
              request.height() == 0 ? wider.height() : request.height());
    }
    InitialImage initial = InitialImage.of(image).strength(strength);
    return request.initialImage(
        mask != null
            ? initial.mask(ExifOrientation.toUpright(mask, RgbImage.readMask(mask)))
            : changeMap != null
                ? initial.changeMap(
                    ExifOrientation.toUpright(changeMap, RgbImage.readMask(changeMap)))
                : initial);
  }

  private void require(boolean holds, String usage) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), usage);
    }
  }
}
