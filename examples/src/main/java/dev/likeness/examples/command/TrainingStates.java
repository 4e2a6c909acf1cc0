package dev.likeness.examples.command;

import dev.likeness.diffusion.error.MachineLimit;
import dev.likeness.diffusion.io.AtomicFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;

/** States of trainings, which hold the person as learnt so far: they are kept no longer than they serve. */
final class TrainingStates {
  /** As {@link dev.likeness.headshots.HeadshotStudio#state} names them. */
  private static final String NAMES = "training-????????.safetensors";

  private TrainingStates() {}

  /** Deletes a state, and what was left of writing it. */
  static void delete(Path state) {
    try {
      Files.deleteIfExists(state);
      AtomicFile.sweep(state);
    } catch (IOException e) {
      throw new MachineLimit("cannot delete " + state + ": " + e.getMessage(), e);
    }
  }

  /** Deletes the states that runs with these photos, and with others, left in {@code folder}. */
  static void deleteAll(Path folder) {
    try (DirectoryStream<Path> states = Files.newDirectoryStream(folder, NAMES)) {
      states.forEach(TrainingStates::delete);
    } catch (IOException e) {
      throw new MachineLimit("cannot look for states of trainings in " + folder + ": " + e.getMessage(), e);
    }
  }
}
