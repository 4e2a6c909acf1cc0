package dev.likeness.lora.training;

import dev.likeness.diffusion.image.RgbImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What a training is given.
 *
 * @param images at least one; those of one size are learned together
 * @param subject who is in them
 * @param state where the run keeps its state to go on from after a stop, or null to keep none
 * @param latents folder that the encoded images are kept in for other trainings, or null to keep
 *     none; personal data
 * @param previews images drawn and scored on the way
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
