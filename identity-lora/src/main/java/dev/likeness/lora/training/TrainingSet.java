package dev.likeness.lora.training;

import dev.likeness.diffusion.image.RgbImage;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The data of a training: images, person, state file, cache, validation and preview.
 *
 * @param examples the training images, at least one; images of one size form batches
 * @param personToken the person in the images
 * @param stateFile file in which the training saves its state for resuming; empty to save no state
 * @param latentFolder folder in which encoded images are cached for later trainings; empty for no
 *     cache. Its files are personal data
 * @param validation validation images that are generated and scored during the training
 * @param trainingAdapter a LoRA file that is added to the base in training steps only. Class
 *     images, validation images and the result are made without this LoRA. A distilled base needs a
 *     training adapter. Empty for no adapter
 * @param saveInterval training steps between two saved states, at least 1; empty for 25 steps, or a
 *     longer interval if saving needs over 1 % of the time. In addition, a state is always saved
 *     once the last saved state is two minutes old
 * @param preview preview images that are generated once; empty for none
 */
public record TrainingSet(
    List<TrainingExample> examples,
    PersonToken personToken,
    Optional<Path> stateFile,
    Optional<Path> latentFolder,
    Optional<ValidationOptions> validation,
    Optional<Path> trainingAdapter,
    OptionalInt saveInterval,
    Optional<TrainingPreview> preview) {
  /**
   * Checks that there is at least one image, and that the interval is at least 1.
   *
   * @throws IllegalArgumentException if there is no image, or the interval is below 1
   */
  public TrainingSet {
    examples = List.copyOf(examples);
    if (examples.isEmpty()) {
      throw new IllegalArgumentException("there is no training image; give at least one");
    }
    if (saveInterval.orElse(1) < 1) {
      throw new IllegalArgumentException(
          "the save interval must be at least 1 step, got " + saveInterval.getAsInt());
    }
  }

  /**
   * {@return a set of images without captions, state file, validation or preview}
   *
   * @param images at least one image
   * @param subject the person in the images
   * @throws IllegalArgumentException if there is no image
   */
  public static TrainingSet of(List<RgbImage> images, PersonToken subject) {
    return ofExamples(images.stream().map(TrainingExample::of).toList(), subject);
  }

  /**
   * {@return a set of training examples, without state file, validation or preview}
   *
   * @param examples at least one image
   * @param subject the person in the images
   * @throws IllegalArgumentException if there is no image
   */
  public static TrainingSet ofExamples(List<TrainingExample> examples, PersonToken subject) {
    return new TrainingSet(
        examples,
        subject,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalInt.empty(),
        Optional.empty());
  }

  /**
   * {@return a copy of this set with a state file}
   *
   * @param file the file in which the training saves its state for resuming
   */
  public TrainingSet stateFile(Path file) {
    return new TrainingSet(
        examples,
        personToken,
        Optional.of(file),
        latentFolder,
        validation,
        trainingAdapter,
        saveInterval,
        preview);
  }

  /**
   * {@return a copy of this set with a cache folder for encoded images}
   *
   * @param folder the folder for encoded images, which later trainings reuse; its files are
   *     personal data
   */
  public TrainingSet latentFolder(Path folder) {
    return new TrainingSet(
        examples,
        personToken,
        stateFile,
        Optional.of(folder),
        validation,
        trainingAdapter,
        saveInterval,
        preview);
  }

  /**
   * {@return a copy of this set with validation images}
   *
   * @param options the settings of the validation images
   */
  public TrainingSet validation(ValidationOptions options) {
    return new TrainingSet(
        examples,
        personToken,
        stateFile,
        latentFolder,
        Optional.of(options),
        trainingAdapter,
        saveInterval,
        preview);
  }

  /**
   * {@return a copy of this set with a training adapter}
   *
   * @param file a LoRA file for the base, which is added in training steps only
   */
  public TrainingSet trainingAdapter(Path file) {
    return new TrainingSet(
        examples,
        personToken,
        stateFile,
        latentFolder,
        validation,
        Optional.of(file),
        saveInterval,
        preview);
  }

  /**
   * {@return a copy of this set with a fixed interval for saving the state} By default, the
   * interval is 25 steps, or longer if saving needs over 1 % of the time. With either interval, a
   * state is also saved once the last saved state is two minutes old.
   *
   * @param steps training steps between two saved states, at least 1
   * @throws IllegalArgumentException if the number is below 1
   */
  public TrainingSet saveInterval(int steps) {
    return new TrainingSet(
        examples,
        personToken,
        stateFile,
        latentFolder,
        validation,
        trainingAdapter,
        OptionalInt.of(steps),
        preview);
  }

  /**
   * {@return a copy of this set with preview images}
   *
   * @param options when the images are generated, and how
   */
  public TrainingSet preview(TrainingPreview options) {
    return new TrainingSet(
        examples,
        personToken,
        stateFile,
        latentFolder,
        validation,
        trainingAdapter,
        saveInterval,
        Optional.of(options));
  }
}
