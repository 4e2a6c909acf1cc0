package dev.likeness.headshots.internal.marking;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.opencv.ImageFileEncoder;

/**
 * Marks generated images by IPTC's digital source type in XMP. It is loaded as a service if no
 * other marking has precedence.
 */
public final class XmpMarking implements GeneratedImage.Marking {
  @Override
  public byte[] encode(RgbImage generated, ImageFormat format, boolean edited) {
    DigitalSourceType source = edited
        ? DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA
        : DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA;
    return ImageFileEncoder.encode(generated, format, source);
  }

  @Override
  public RgbImage markPixels(RgbImage generated, boolean edited) {
    return generated;
  }

  @Override
  public String name() {
    return "xmp";
  }
}
