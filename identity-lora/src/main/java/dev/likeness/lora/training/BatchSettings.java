package dev.likeness.lora.training;

import static dev.likeness.lora.training.SettingRange.require;

import java.util.List;

/**
 * The images and captions of each batch of a training.
 *
 * @param batchSize images per batch, from 1
 * @param randomFlip true to mirror images at random; faces are not symmetric
 * @param classImages number of class images that the base generates for prior preservation; 0 for
 *     no prior preservation
 * @param captions captions of the images, with {@code %s} for the person; in each step, each image
 *     without its own caption gets a random one of these captions
 */
public record BatchSettings(
    int batchSize, boolean randomFlip, int classImages, List<String> captions) {
  /**
   * Checks the ranges of the settings.
   *
   * @throws IllegalArgumentException if a value is out of its range, or there is no caption
   */
  public BatchSettings {
    captions = List.copyOf(captions);
    require(batchSize >= 1, "batchSize", "at least 1", batchSize);
    require(classImages >= 0, "classImages", "at least 0", classImages);
    if (captions.isEmpty()) {
      throw new IllegalArgumentException("training needs a caption, e.g. \"photo of %s\"");
    }
  }
}
