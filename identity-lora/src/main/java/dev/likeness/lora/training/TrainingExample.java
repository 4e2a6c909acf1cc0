package dev.likeness.lora.training;

import dev.likeness.diffusion.image.RgbImage;
import java.util.Optional;

/**
 * One training image.
 *
 * @param image the training image; both sides are multiples of the base's VAE scale factor (8)
 * @param caption the caption, with {@code %s} for the person; empty to use one of the captions in
 *     the settings
 * @param focus the area, such as the face, whose loss is multiplied by
 *     {@link TrainingSettings#focusWeight()}
 * @param mask a loss mask of the image's size. White pixels are trained, black pixels keep the
 *     base's prediction, and grey pixels are in between (red channel / 255). Empty to train on all
 *     pixels
 */
public record TrainingExample(
    RgbImage image, Optional<String> caption, Optional<Focus> focus, Optional<RgbImage> mask) {
  /**
   * Checks that the mask is as large as the image.
   *
   * @throws IllegalArgumentException if the mask does not have the size of the image
   */
  public TrainingExample {
    mask.ifPresent(each -> {
      if (each.width() != image.width() || each.height() != image.height()) {
        throw new IllegalArgumentException(
            "the mask has " + each.width() + "x" + each.height() + " pixels and its image "
                + image.width() + "x" + image.height() + "; give both in the same size");
      }
    });
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
     * Checks that width and height are at least 1 and that no distance is negative.
     *
     * @throws IllegalArgumentException if a value is out of its range
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
   * @param image the training image
   */
  public static TrainingExample of(RgbImage image) {
    return new TrainingExample(image, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /**
   * {@return a copy of this example with the given caption}
   *
   * @param text the caption; {@code %s} stands for the person
   */
  public TrainingExample caption(String text) {
    return new TrainingExample(image, Optional.of(text), focus, mask);
  }

  /**
   * {@return the example with a focus area, whose loss is multiplied by
   * {@link TrainingSettings#focusWeight()}}
   *
   * @param area the area, such as the face
   */
  public TrainingExample focus(Focus area) {
    return new TrainingExample(image, caption, Optional.of(area), mask);
  }

  /**
   * {@return a copy of this example with the given loss mask} White pixels are trained; black
   * pixels keep the base's prediction.
   *
   * @param gray a mask of the image's size; its red channel is used
   * @throws IllegalArgumentException if the mask does not have the size of the image
   */
  public TrainingExample mask(RgbImage gray) {
    return new TrainingExample(image, caption, focus, Optional.of(gray));
  }
}
