package dev.likeness.cli.command;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options for the initial image and hires fix. */
@Command(optionListHeading = "Initial image")
final class InitialImageOptions {
  @Option(
      names = {"--init", "--init-image"},
      paramLabel = "IMAGE",
      description = "initial image for image-to-image")
  private Path init;

  @Option(
      names = "--strength",
      paramLabel = "X",
      defaultValue = "NaN",
      description = "how much the initial image changes, 0..1 (default: from the base)")
  private double strength;

  @Option(
      names = "--mask",
      paramLabel = "IMAGE",
      description = "inpainting mask: white pixels are generated again, black ones are kept")
  private Path mask;

  @Option(
      names = "--change-map",
      paramLabel = "IMAGE",
      description = "change map: the lighter a pixel, the more it may change")
  private Path changeMap;

  @Option(
      names = "--extend",
      paramLabel = "L,T,R,B",
      split = ",",
      description = "outpainting: adds margins, in pixels: left, top, right, bottom")
  private int[] margins;

  @Option(
      names = "--no-paste",
      description = "writes the decoded image as it is. Without this option, the pixels that "
          + "--mask, --change-map or --extend keep are copied from the initial image")
  private boolean isDecodedWhole;

  @Option(
      names = "--padding-mask-crop",
      paramLabel = "PX",
      description = "generates only the mask's surroundings with this padding, at the size of "
          + "--width and --height, and pastes them into the initial image; 32 is usual")
  private Integer paddingMaskCrop;

  @Option(
      names = "--hires",
      paramLabel = "X",
      description = "hires fix: enlarges the image by this factor and refines it in a second pass")
  private double hires;

  @Option(
      names = "--hires-strength",
      paramLabel = "X",
      defaultValue = "0.6",
      description = "how much the second pass changes, 0..1 (default: ${DEFAULT-VALUE})")
  private double hiresStrength;

  @Option(names = "--hires-pixels", description = "hires fix enlarges pixels instead of latents")
  private boolean hiresPixels;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec spec;

  ImageRequest apply(ImageRequest request) {
    ImageRequest begun = withInitialImage(request);
    InitialImage initial = begun.initialImage();
    require(
        !isDecodedWhole || initial != null && initial.mask() != null,
        "--no-paste needs a part of the image to keep; give --mask, --change-map or --extend too");
    require(
        paddingMaskCrop == null || mask != null,
        "--padding-mask-crop does nothing without --mask; give both or neither");
    begun = paddingMaskCrop == null
        ? begun
        : begun.initialImage(begun.initialImage().paddingMaskCrop(paddingMaskCrop));
    initial = begun.initialImage();
    begun = isDecodedWhole ? begun.initialImage(initial.pasteUnmasked(false)) : begun;
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
    require(one, "--mask, --change-map and --extend exclude each other; give one of them");
    RgbImage image = RgbImage.read(init);
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
            ? initial.mask(RgbImage.readMask(mask))
            : changeMap != null ? initial.changeMap(RgbImage.readMask(changeMap)) : initial);
  }

  private void require(boolean holds, String usage) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), usage);
    }
  }
}
