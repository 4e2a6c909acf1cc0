package dev.likeness.portrait.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The program that made {@code gaze.json.gz}, by which headshots' gaze is scored: renders people
 * who are in no other set and trains on where their eyes look.
 *
 * <p>Arguments: {@code WORK-FOLDER SEED PEOPLE STEPS}.
 */
public final class TrainGaze {
  /** Seeds of these people are used for nothing else. */
  private static final long FIRST_PERSON = 750_000_000L;

  private TrainGaze() {}

  public static void main(String[] args) throws IOException {
    Usage.require(args, 4, 4, "TrainGaze WORK-FOLDER SEED PEOPLE STEPS");
    Path work = Files.createDirectories(Path.of(args[0]));
    Path state = work.resolve("gaze-state.safetensors");
    int people = Integer.parseInt(args[2]);
    try (GazeTraining training = new GazeTraining(
        FIRST_PERSON, people, Long.parseLong(args[1]), ProgressOutput.of("render", people))) {
      training.run(state, Integer.parseInt(args[3]));
    }
    ScoreFile.write(state, work.resolve("gaze.json.gz"));
  }
}
