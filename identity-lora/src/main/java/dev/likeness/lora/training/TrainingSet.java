package dev.likeness.lora.training;

import dev.likeness.diffusion.image.RgbImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The data of a training.
 *
 * @param images at least one; images of one size form batches
 * @param subject the person in the images
 * @param state file in which the training saves its state for resuming, or null for none
 * @param latents folder in which encoded images are cached for other trainings, or null for
 *     none; personal data
 * @param previews validation images that are generated and scored during the training
 */
public record TrainingSet(
    List<TrainingExample> images,
    PersonToken subject,
    Path state,
    Path latents,
    Optional<ValidationOptions> previews) {
  public TrainingSet {
    images = List.copyOf(images);
    if (images.isEmpty()) {
      throw new IllegalArgumentException("there is no image to learn from");
    }
  }

  /** Images alone. */
  public static TrainingSet of(List<RgbImage> images, PersonToken subject) {
    return new TrainingSet(
        images.stream().map(TrainingExample::of).toList(), subject, null, null, Optional.empty());
  }

  /** With its state in {@code file}; null keeps none. */
  public TrainingSet state(Path file) {
    return new TrainingSet(images, subject, file, latents, previews);
  }

  /** With its encoded images in {@code folder}; null keeps none. */
  public TrainingSet latents(Path folder) {
    return new TrainingSet(images, subject, state, folder, previews);
  }

  /** With previews. */
  public TrainingSet previews(ValidationOptions drawn) {
    return new TrainingSet(images, subject, state, latents, Optional.of(drawn));
  }
}
