package dev.likeness.integrations.spark;

import com.google.common.jimfs.Configuration;
import com.google.common.jimfs.Jimfs;
import dev.likeness.diffusion.request.ProgressEvent;
import java.io.IOException;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Locale;
import org.apache.hadoop.fs.FileStatus;

/**
 * The saved states of one training. The training saves into a file in memory, so that no executor
 * keeps biometric data on its disk. After each save, the state is copied to the shared file system,
 * where another executor finds it. For one thread.
 */
final class TrainingStates implements AutoCloseable {
  private static final String NAME = "state-%06d.safetensors";
  private static final String NAME_PATTERN = "state-\\d{6,}\\.safetensors";
  private static final long MAX_STATE = Integer.MAX_VALUE - 16L;
  private static final String TRAIN = "train";

  private final SharedFiles files;
  private final PersonFolder folder;
  private final Runnable unwanted;
  private final FileSystem memory = Jimfs.newFileSystem(
      Configuration.unix().toBuilder().setWorkingDirectory("/").build());
  private final Path state = memory.getPath("/training.safetensors");
  private Object copied;
  private int resumedFrom = -1;
  private int lastStep;
  private int failures;

  /**
   * Creates the states of a training.
   *
   * @param unwanted runs if the person was erased, or finished by another attempt
   */
  TrainingStates(SharedFiles files, PersonFolder folder, Runnable unwanted) {
    this.files = files;
    this.folder = folder;
    this.unwanted = unwanted;
  }

  /** Returns a file in memory. */
  Path file(String name) {
    return memory.getPath("/" + name);
  }

  /** Returns the file of the state in memory, with the newest shared state if there is one. */
  Path restore() throws IOException {
    FileStatus newest = null;
    for (FileStatus entry : files.list(folder.work())) {
      if (entry.getPath().getName().matches(NAME_PATTERN)) {
        newest = entry;
      }
    }
    if (newest != null) {
      Files.write(state, files.read("the training state", newest.getPath(), MAX_STATE));
      copied = identity();
    }
    return state;
  }

  /** Returns true if there is a state from which a training resumes. */
  boolean exists() {
    return Files.exists(state);
  }

  /** Deletes all states, because they belong to a training with other settings. */
  void discard() throws IOException {
    Files.deleteIfExists(state);
    copied = null;
    resumedFrom = -1;
    for (FileStatus entry : files.list(folder.work())) {
      if (entry.getPath().getName().matches(NAME_PATTERN)) {
        files.delete(entry.getPath());
      }
    }
  }

  /**
   * Copies a new state to the shared file system. A training saves between two steps, so the state
   * is that of the step before the event. A failed copy does not end the training.
   */
  void onEvent(ProgressEvent event) {
    if (!(event instanceof ProgressEvent.Step step) || !step.phase().equals(TRAIN)) {
      return;
    }
    if (resumedFrom < 0) {
      resumedFrom = step.step() - 1;
    }
    lastStep = step.step();
    try {
      if (Files.exists(state) && !identity().equals(copied)) {
        copied = identity();
        copy(step.step() - 1);
      }
    } catch (IOException e) {
      failures++;
    }
  }

  private void copy(int step) throws IOException {
    if (!folder.isWanted()) {
      unwanted.run();
      return;
    }
    String name = String.format(Locale.ROOT, NAME, step);
    org.apache.hadoop.fs.Path shared = new org.apache.hadoop.fs.Path(folder.work(), name);
    files.writeOnce(shared, Files.readAllBytes(state));
    if (!folder.isWanted()) {
      files.delete(shared);
      folder.sweepUnwanted();
      unwanted.run();
      return;
    }
    for (FileStatus entry : files.list(folder.work())) {
      String other = entry.getPath().getName();
      if (other.matches(NAME_PATTERN) && other.compareTo(name) < 0) {
        files.delete(entry.getPath());
      }
    }
  }

  /** Returns what differs if the file was replaced. */
  private Object identity() throws IOException {
    return Files.readAttributes(state, BasicFileAttributes.class).fileKey();
  }

  /** Returns the step from which the training resumed; 0 if it began at the first step. */
  int resumedFrom() {
    return Math.max(0, resumedFrom);
  }

  /** Returns the number of steps that this attempt computed. */
  int computedSteps() {
    return resumedFrom < 0 ? 0 : lastStep - resumedFrom;
  }

  /** Returns the number of states that could not be copied. */
  int failures() {
    return failures;
  }

  @Override
  public void close() throws IOException {
    memory.close();
  }
}
