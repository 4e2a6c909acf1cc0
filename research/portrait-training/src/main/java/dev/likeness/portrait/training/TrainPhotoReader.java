package dev.likeness.portrait.training;

import java.nio.file.Path;
import java.util.Map;

/**
 * The program that made the reader by which {@code portrait} finds words for photos, and what was
 * asked in what it drew: renders people, trains on them and writes {@code folder/photo_reader}.
 * Nothing that evaluates the model shares its people or weights. Every stage goes on where it was
 * stopped.
 *
 * <p>Arguments: {@code WORK-FOLDER COMMIT SEED PICTURES STEPS}.
 */
public final class TrainPhotoReader {
  /**
   * Seeds of these people are used for nothing that judges; the first are among those that the
   * adapter is taught by.
   */
  static final long FIRST_PERSON = 800_000_000L;
  /** Of four images: it reads selfies. */
  static final int HEADSHOTS = 1;

  static final int BATCH = 32;

  private TrainPhotoReader() {}

  public static void main(String[] args) {
    Usage.require(args, 5, 5, "TrainPhotoReader WORK-FOLDER COMMIT SEED PICTURES STEPS");
    Path work = Path.of(args[0]);
    train(
        work,
        args[1],
        Long.parseLong(args[2]),
        Integer.parseInt(args[3]),
        Integer.parseInt(args[4]),
        work.resolve("folder").resolve("photo_reader"));
  }

  /**
   * Trains one in {@code work} to {@code steps} on so many renders of {@code seed}, and writes
   * {@code folder}.
   */
  public static void train(
      Path work, String commit, long seed, int images, int steps, Path folder) {
    PortraitRenders known = new PortraitRenders(FIRST_PERSON + seed, HEADSHOTS);
    RenderStore store = new RenderStore(work.resolve("renders"));
    WorkStamp.require(work, "seed", seed, store.size() > 0);
    store.fill(images, known::image, ProgressOutput.of("render", images));
    Path state = work.resolve("photo-reader-state.safetensors");
    new PhotoReaderTraining(store, known, images, BATCH, seed).run(state, steps);
    TrimmedTokenizer.json(folder.resolve("config.json"), Architecture.photoReader());
    PortraitFolder.weights(
        state,
        "ema.",
        folder.resolve("model.safetensors"),
        Map.of(
            "commit", commit, "numbers", "seed=" + seed + " images=" + images + " steps=" + steps));
  }
}
