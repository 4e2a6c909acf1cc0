package dev.likeness.cli.command;

import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.SizeOptions;
import picocli.CommandLine.Option;

/** The options for the size of generated images. */
final class ImageSizeOption {
  @NumberRange(min = 1, max = NumberRange.MAX_SIDE)
  @Option(
      names = "--width",
      paramLabel = "W",
      description =
          "width in pixels, a multiple of 8, or of 16 on bases with a transformer (default: "
              + "from the base)")
  private Integer width;

  @NumberRange(min = 1, max = NumberRange.MAX_SIDE)
  @Option(
      names = "--height",
      paramLabel = "H",
      description = "height in pixels, a multiple as --width (default: from the base)")
  private Integer height;

  /** Returns the request with this size; the base's own size counts where none is given. */
  ImageRequest apply(ImageRequest request) {
    SizeOptions sized = width == null ? SizeOptions.DEFAULT : SizeOptions.DEFAULT.width(width);
    return request.sizeOptions(height == null ? sized : sized.height(height));
  }
}
