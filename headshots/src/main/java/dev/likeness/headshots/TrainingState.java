package dev.likeness.headshots;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.internal.training.TrainingStateFile;
import dev.likeness.lora.LoraPerson;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/**
 * State files of trainings, from which a stopped training resumes. They contain biometric data:
 * delete them when the training is done. The trainer does not delete them.
 */
public final class TrainingState {
  private static final String FILE_PATTERN = "training-????????.safetensors";

  private TrainingState() {}

  /**
   * Marks a trained person with the name of the training's state file. The person's file keeps the
   * mark.
   *
   * @param person the trained person
   * @param state the state file of the training
   * @return a copy of the person with the mark; both objects share their tensors, so close only one
   *     of them
   */
  public static LoraPerson tag(LoraPerson person, Path state) {
    return person.withMetadata(TrainingStateFile.OWNER, state.getFileName().toString());
  }

  /**
   * Returns true if a person's file comes from the training that a state file belongs to.
   *
   * @param person the person's file
   * @param state the state file
   * @return true if {@link #tag} marked the person with the name of this state file
   * @throws InvalidInputException if the person's file cannot be read
   */
  public static boolean matches(Path person, Path state) {
    return state.getFileName().toString().equals(TrainingStateFile.owner(person));
  }

  /** The state file in {@code folder} of the training with that number. */
  static Path file(Path folder, int number) {
    return folder.resolve(String.format(Locale.ROOT, "training-%08x.safetensors", number));
  }

  /**
   * Returns the path of a file beside the state file, in which the caller may keep the losses of
   * the training. {@link #delete} deletes both files.
   *
   * @param state the state file
   * @return the path; the file need not exist
   */
  public static Path lossFile(Path state) {
    return state.resolveSibling(state.getFileName() + ".losses");
  }

  /**
   * Deletes a state file, the losses beside it, and temporary files that a killed process left.
   *
   * @param state the state file; it need not exist
   * @throws ResourceLimitException if a file cannot be deleted
   */
  public static void delete(Path state) {
    try {
      Files.deleteIfExists(state);
      Files.deleteIfExists(lossFile(state));
      AtomicFile.sweep(state);
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot delete " + state + ": " + e.getMessage()
              + "; check that this user can write to the folder of this file",
          e);
    }
  }

  /**
   * Calls {@link #delete} for each state file in a folder. A file is a state file only if its name
   * has the form of {@link PersonTrainer#stateFile}, and its content is the state of a training.
   *
   * @param folder the folder
   * @throws ResourceLimitException if the folder cannot be read or a file cannot be deleted
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
          "cannot list the training states in " + folder + ": " + e.getMessage()
              + "; check that this user can read the folder",
          e);
    }
  }

  /**
   * Returns true if a file contains the state of a training.
   *
   * @param file the file
   * @return false if it is another file, or does not exist
   */
  public static boolean isStateFile(Path file) {
    return TrainingStateFile.isState(file);
  }
}
