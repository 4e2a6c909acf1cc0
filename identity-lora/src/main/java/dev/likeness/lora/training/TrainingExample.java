package dev.likeness.lora.training;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Optional;

/**
 * One training image.
 *
 * @param image the crop; both sides are multiples of the base's VAE scale factor (8)
 * @param caption the caption, with {@code %s} for the person; empty to pick one of the settings'
 *     captions
 * @param focus the area with a higher loss, such as the face
 * @param mask as large as the image: white is trained, black stays as the base generates it, gray
 *     is in between (red channel / 255); empty to train on everything
 */
public record TrainingExample(
    RgbImage image, Optional<String> caption, Optional<Focus> focus, Optional<RgbImage> mask) {
  public TrainingExample {
    mask.ifPresent(each -> {
      if (each.width() != image.width() || each.height() != image.height()) {
        throw new IllegalArgumentException(
            "a mask of " + each.width() + "x" + each.height() + " for an image of " + image.width()
                + "x" + image.height() + ": both must be of one size");
      }
    });
  }

  /** Without a mask. */
  public TrainingExample(RgbImage image, Optional<String> caption, Optional<Focus> focus) {
    this(image, caption, focus, Optional.empty());
  }

  /** An area in pixels, from its left upper corner. */
  public record Focus(int left, int top, int width, int height) {
    public Focus {
      if (left < 0 || top < 0 || width < 1 || height < 1) {
        throw new IllegalArgumentException("a focus of " + width + "x" + height + " at " + left
            + "," + top + " must lie in the image and hold a pixel");
      }
    }
  }

  /** Returns an image without a caption of its own; the captions of the settings apply. */
  public static TrainingExample of(RgbImage image) {
    return new TrainingExample(image, Optional.empty(), Optional.empty());
  }

  /** Returns the image with its own caption; {@code %s} stands for the person. */
  public TrainingExample caption(String text) {
    return new TrainingExample(image, Optional.of(text), focus, mask);
  }

  /** Returns the image with an area whose loss has a higher weight. */
  public TrainingExample focus(Focus area) {
    return new TrainingExample(image, caption, Optional.of(area), mask);
  }

  /**
   * Returns the image with a loss mask. Only white pixels are trained.
   *
   * @param gray a mask of the image's size
   */
  public TrainingExample mask(RgbImage gray) {
    return new TrainingExample(image, caption, focus, Optional.of(gray));
  }
}
