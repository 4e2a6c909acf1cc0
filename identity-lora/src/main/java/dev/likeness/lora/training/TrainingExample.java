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
  /**
   * Checks that the mask is as large as the image.
   *
   * @param image the component {@code image}
   * @param caption the component {@code caption}
   * @param focus the component {@code focus}
   * @param mask the component {@code mask}
   */
  public TrainingExample {
    mask.ifPresent(each -> {
      if (each.width() != image.width() || each.height() != image.height()) {
        throw new IllegalArgumentException(
            "a mask of " + each.width() + "x" + each.height() + " for an image of " + image.width()
                + "x" + image.height() + ": both must have the same size");
      }
    });
  }

  /**
   * Creates an example without a mask.
   *
   * @param image the crop
   * @param caption the caption, or empty
   * @param focus the area with a higher loss, or empty
   */
  public TrainingExample(RgbImage image, Optional<String> caption, Optional<Focus> focus) {
    this(image, caption, focus, Optional.empty());
  }

  /**
   * An area of the image in pixels.
   *
   * @param left distance from the left edge, from 0
   * @param top distance from the upper edge, from 0
   * @param width the width, from 1
   * @param height the height, from 1
   */
  public record Focus(int left, int top, int width, int height) {
    /**
     * Checks that the area is not empty and starts inside the image.
     *
     * @param left the component {@code left}
     * @param top the component {@code top}
     * @param width the component {@code width}
     * @param height the component {@code height}
     */
    public Focus {
      if (left < 0 || top < 0 || width < 1 || height < 1) {
        throw new IllegalArgumentException("a focus of " + width + "x" + height + " at " + left
            + "," + top + " must start inside the image and contain a pixel");
      }
    }
  }

  /**
   * {@return an example without its own caption; the captions of the settings apply}
   *
   * @param image the crop
   */
  public static TrainingExample of(RgbImage image) {
    return new TrainingExample(image, Optional.empty(), Optional.empty());
  }

  /**
   * {@return the example with its own caption}
   *
   * @param text the caption; {@code %s} stands for the person
   */
  public TrainingExample caption(String text) {
    return new TrainingExample(image, Optional.of(text), focus, mask);
  }

  /**
   * {@return the example with an area whose loss has a higher weight}
   *
   * @param area the area, such as the face
   */
  public TrainingExample focus(Focus area) {
    return new TrainingExample(image, caption, Optional.of(area), mask);
  }

  /**
   * {@return the example with a loss mask} Only white pixels are trained.
   *
   * @param gray a mask of the image's size; its red channel counts
   * @throws IllegalArgumentException if the mask has another size
   */
  public TrainingExample mask(RgbImage gray) {
    return new TrainingExample(image, caption, focus, Optional.of(gray));
  }
}
