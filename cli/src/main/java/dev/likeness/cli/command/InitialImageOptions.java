package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.HiresFix;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.ReferenceImages;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options for the initial image, hires fix and the images that an editing model takes. */
@Command(optionListHeading = "Initial image, images to edit")
final class InitialImageOptions {
  @PathUse(Use.READ)
  @Option(
      names = "--image",
      paramLabel = "IMAGE",
      description = "input of an editing model: the image to edit, or a reference; "
          + "may be repeated. Sampling starts from noise; with --init it starts from the image. "
          + "For an IP-Adapter, use --reference")
  private List<Path> images = List.of();

  @NumberRange(min = 0)
  @Option(
      names = "--image-strength",
      paramLabel = "X",
      defaultValue = "1",
      description = "how strongly the model attends to the --image images: 0 leaves them out, "
          + "1 is as trained (default: ${DEFAULT-VALUE})")
  private double imageStrength;

  @NumberRange(min = 64, max = NumberRange.MAX_SIDE)
  @Option(
      names = "--image-size",
      paramLabel = "N",
      description = "scales each --image down to at most N x N pixels, which saves time (default: "
          + "the base's limit)")
  private Integer imageSide;

  @PathUse(Use.READ)
  @Option(
      names = {"--init", "--init-image"},
      paramLabel = "IMAGE",
      description = "initial image, where sampling begins (image-to-image)")
  private Path init;

  @NumberRange(min = 0, max = 1)
  @Option(
      names = "--strength",
      paramLabel = "X",
      defaultValue = "NaN",
      description = "how much the initial image changes, 0..1 (default: from the base)")
  private double strength;

  @PathUse(Use.READ)
  @Option(
      names = "--mask",
      paramLabel = "IMAGE",
      description = "inpainting mask: white pixels are generated again, black ones are kept")
  private Path mask;

  @PathUse(Use.READ)
  @Option(
      names = "--change-map",
      paramLabel = "IMAGE",
      description = "change map: the lighter a pixel, the more it may change")
  private Path changeMap;

  @NumberRange(min = 0, max = NumberRange.MAX_SIDE)
  @Option(
      names = "--extend",
      paramLabel = "L,T,R,B",
      split = ",",
      hideParamSyntax = true,
      description = "outpainting: adds margins, in pixels: left, top, right, bottom")
  private int[] margins;

  @Option(
      names = "--no-paste",
      description = "writes the decoded image as it is. Without this option, the pixels that "
          + "--mask, --change-map or --extend keep are copied from the initial image")
  private boolean isDecodedWhole;

  @NumberRange(min = 0, max = NumberRange.MAX_SIDE)
  @Option(
      names = "--padding-mask-crop",
      paramLabel = "PX",
      description = "generates only the region around the mask, with this padding, at the size "
          + "of --width and --height, and pastes it into the initial image; 32 is usual")
  private Integer paddingMaskCrop;

  @NumberRange(min = 1, max = 8, above = true)
  @Option(
      names = "--hires",
      paramLabel = "X",
      description = "hires fix: enlarges the image by this factor and refines it in a second pass")
  private Double hires;

  @NumberRange(min = 0, max = 1, above = true)
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
    ImageRequest begun = withInitialImage(withImages(request));
    require(
        !isDecodedWhole || begun.initialImage().flatMap(InitialImage::mask).isPresent(),
        "--no-paste does nothing without --mask, --change-map or --extend; give one of them too");
    require(
        paddingMaskCrop == null || mask != null,
        "--padding-mask-crop does nothing without --mask; give both or neither");
    begun = paddingMaskCrop == null
        ? begun
        : begun.initialImage(begun.initialImage().orElseThrow().paddingMaskCrop(paddingMaskCrop));
    begun = isDecodedWhole
        ? begun.initialImage(begun.initialImage().orElseThrow().pasteUnmasked(false))
        : begun;
    if (hires == null) {
      return begun;
    }
    return begun.hires(
        hiresPixels
            ? HiresFix.pixels(hires, hiresStrength)
            : HiresFix.latents(hires, hiresStrength));
  }

  private ImageRequest withImages(ImageRequest request) {
    ReferenceImages shown = ReferenceImages.NONE
        .images(images.stream().map(RgbImage::read).toList())
        .strength(imageStrength);
    return request.referenceImages(
        imageSide == null ? shown : shown.maxPixels(imageSide * imageSide));
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
          .initialImage(atStrength(wider.initialImage().orElseThrow()))
          .size(
              request.width().orElse(wider.width().getAsInt()),
              request.height().orElse(wider.height().getAsInt()));
    }
    InitialImage initial = atStrength(InitialImage.of(image));
    return request.initialImage(
        mask != null
            ? initial.mask(MaskFile.read(mask, spec))
            : changeMap != null ? initial.changeMap(MaskFile.read(changeMap, spec)) : initial);
  }

  private InitialImage atStrength(InitialImage image) {
    return Double.isNaN(strength) ? image : image.strength(strength);
  }

  private void require(boolean holds, String usage) {
    if (!holds) {
      throw new ParameterException(spec.commandLine(), usage);
    }
  }
}
