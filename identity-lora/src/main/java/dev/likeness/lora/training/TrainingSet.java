package dev.likeness.lora.training;

import dev.likeness.diffusion.image.RgbImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The data of a training: images, person, state file, cache and validation.
 *
 * @param examples the training images, at least one; images of one size form batches
 * @param personToken the person in the images
 * @param stateFile file in which the training saves its state for resuming, or null to save no
 *     state
 * @param latentFolder folder in which encoded images are cached for other trainings, or null for no
 *     cache. Its files are personal data
 * @param validation validation images that are generated and scored during the training
 * @param trainingAdapter a LoRA file that is added to the base during the training and left out of
 *     the result, of class images and of validation images; null for none. It lets a LoRA be
 *     trained on a distilled base
 * @param saveInterval training steps between two saved states, at least 1; 0 for 25 steps, or more
 *     if saving takes over 1 % of the time
 */
public record TrainingSet(
    List<TrainingExample> examples,
    PersonToken personToken,
    @Nullable Path stateFile,
    @Nullable Path latentFolder,
    Optional<ValidationOptions> validation,
    @Nullable Path trainingAdapter,
    int saveInterval) {
  /**
   * Checks that there is at least one image, and the interval.
   *
   * @param examples the training images, at least one; images of one size form batches
   * @param personToken the person in the images
   * @param stateFile file in which the training saves its state, or null to save no state
   * @param latentFolder folder in which encoded images are cached, or null for no cache
   * @param validation validation images that are generated and scored during the training
   * @param trainingAdapter a LoRA file that is added to the base during the training, or null
   * @param saveInterval training steps between two saved states, at least 1; 0 for the default
   * @throws IllegalArgumentException if there is no image, or the interval is negative
   */
  public TrainingSet {
    examples = List.copyOf(examples);
    if (examples.isEmpty()) {
      throw new IllegalArgumentException("there is no training image; give at least one");
    }
    if (saveInterval < 0) {
      throw new IllegalArgumentException("a state cannot be saved every " + saveInterval
          + " steps; give at least 1, or 0 for the default");
    }
  }

  /**
   * Creates a set with the default interval of saved states.
   *
   * @param examples the training images, at least one
   * @param personToken the person in the images
   * @param stateFile file in which the training saves its state, or null
   * @param latentFolder folder in which encoded images are cached, or null
   * @param validation validation images that are generated and scored during the training
   * @param trainingAdapter a LoRA file that is added to the base during the training, or null
   */
  public TrainingSet(
      List<TrainingExample> examples,
      PersonToken personToken,
      @Nullable Path stateFile,
      @Nullable Path latentFolder,
      Optional<ValidationOptions> validation,
      @Nullable Path trainingAdapter) {
    this(examples, personToken, stateFile, latentFolder, validation, trainingAdapter, 0);
  }

  /**
   * {@return a set of images without captions, state file or validation}
   *
   * @param images at least one image
   * @param subject the person in the images
   */
  public static TrainingSet of(List<RgbImage> images, PersonToken subject) {
    return new TrainingSet(
        images.stream().map(TrainingExample::of).toList(),
        subject,
        null,
        null,
        Optional.empty(),
        null);
  }

  /**
   * {@return the set with a state file}
   *
   * @param file the file, or null to save no state
   */
  public TrainingSet stateFile(@Nullable Path file) {
    return new TrainingSet(
        examples, personToken, file, latentFolder, validation, trainingAdapter, saveInterval);
  }

  /**
   * {@return the set with a cache folder for encoded images}
   *
   * @param folder the folder, or null for no cache
   */
  public TrainingSet latentFolder(@Nullable Path folder) {
    return new TrainingSet(
        examples, personToken, stateFile, folder, validation, trainingAdapter, saveInterval);
  }

  /**
   * {@return the set with validation images}
   *
   * @param options the options of validation
   */
  public TrainingSet validation(ValidationOptions options) {
    return new TrainingSet(
        examples,
        personToken,
        stateFile,
        latentFolder,
        Optional.of(options),
        trainingAdapter,
        saveInterval);
  }

  /**
   * {@return the set with a training adapter}
   *
   * @param file a LoRA file for the base, added during the training only; null for none
   */
  public TrainingSet trainingAdapter(@Nullable Path file) {
    return new TrainingSet(
        examples, personToken, stateFile, latentFolder, validation, file, saveInterval);
  }

  /**
   * {@return the set with another interval of saved states, even if saving is slow}
   *
   * @param steps training steps between two saved states, at least 1; 0 for the default
   * @throws IllegalArgumentException if the number is negative
   */
  public TrainingSet saveInterval(int steps) {
    return new TrainingSet(
        examples, personToken, stateFile, latentFolder, validation, trainingAdapter, steps);
  }
}
