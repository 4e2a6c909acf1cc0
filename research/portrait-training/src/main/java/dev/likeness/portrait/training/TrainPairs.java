package dev.likeness.portrait.training;

import dev.likeness.headshots.internal.score.PairNetwork;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The program that made {@code glasses.json.gz} and {@code hoops.json.gz}, by which headshots'
 * glasses and earrings are scored: renders people who are in no other set and trains on how much of
 * what they wear is seen on each side.
 *
 * <p>Arguments: {@code WORK-FOLDER GLASSES|HOOPS SEED PEOPLE STEPS}.
 */
public final class TrainPairs {
  /** Seeds of these people are used for nothing else. */
  private static final long FIRST_PERSON = 760_000_000L;

  private TrainPairs() {}

  public static void main(String[] args) throws IOException {
    Usage.require(args, 5, 5, "TrainPairs WORK-FOLDER GLASSES|HOOPS SEED PEOPLE STEPS");
    Path work = Files.createDirectories(Path.of(args[0]));
    PairNetwork.Accessory worn = PairNetwork.Accessory.valueOf(args[1]);
    Path state = work.resolve(worn.file() + "-state.safetensors");
    int people = Integer.parseInt(args[3]);
    try (PairTraining training = new PairTraining(
        worn, FIRST_PERSON, people, Long.parseLong(args[2]), ProgressOutput.of("render", people))) {
      training.run(state, Integer.parseInt(args[4]));
    }
    ScoreFile.write(state, work.resolve(worn.file()));
  }
}
