package dev.likeness.headshots;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.training.TrainingStateFile;
import dev.likeness.lora.TrainedPerson;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * State files of trainings, from which a stopped training resumes. They hold biometric data, so
 * they are deleted when the training is done.
 */
public final class TrainingState {
  private static final String FILE_PATTERN = "training-????????.safetensors";

  private TrainingState() {}

  /** The same person, whose file tells by which training they were learnt: that of this state. */
  public static TrainedPerson tag(TrainedPerson person, Path state) {
    return person.withNote(TrainingStateFile.OWNER, state.getFileName().toString());
  }

  /** Whether the person in a file was learnt by the training of this state. */
  public static boolean matches(Path person, Path state) {
    return state.getFileName().toString().equals(TrainingStateFile.owner(person));
  }

  /** The state in {@code folder} of the training with that number. */
  static Path file(Path folder, int number) {
    return folder.resolve(String.format(Locale.ROOT, "training-%08x.safetensors", number));
  }

  /** Where a caller may keep a training's losses beside its state: they are deleted with it. */
  public static Path lossFile(Path state) {
    return state.resolveSibling(state.getFileName() + ".losses");
  }

  /**
   * Deletes a state, the losses beside it, and what was left of writing it.
   *
   * @throws ResourceLimitException when the disk refuses
   */
  public static void delete(Path state) {
    try {
      Files.deleteIfExists(state);
      Files.deleteIfExists(lossFile(state));
      AtomicFile.sweep(state);
    } catch (IOException e) {
      throw new ResourceLimitException("cannot delete " + state + ": " + e.getMessage(), e);
    }
  }

  /**
   * Deletes every state that {@link PersonTrainer#stateFile} named in {@code folder}: of these
   * photos, and of others.
   *
   * @throws ResourceLimitException when the disk refuses
   */
  public static void deleteAll(Path folder) {
    try (DirectoryStream<Path> states = Files.newDirectoryStream(folder, FILE_PATTERN)) {
      for (Path state : states) {
        if (isStateFile(state)) {
          delete(state);
        }
      }
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot look for states of trainings in " + folder + ": " + e.getMessage(), e);
    }
  }

  private static boolean isStateFile(Path file) {
    try {
      return TrainingStateFile.owner(file) != null;
    } catch (InvalidInputException e) {
      return false;
    }
  }
}
