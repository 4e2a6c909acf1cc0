package dev.likeness.portrait.training;

import java.nio.file.Path;
import java.util.Map;

/**
 * The program that made the captioner of {@code portrait}: renders people, trains on them and
 * writes {@code folder/photo_reader}. No network that evaluates the model shares its people or
 * weights. Each stage continues where it was stopped.
 *
 * <p>Arguments: {@code WORK-FOLDER COMMIT SEED PICTURES STEPS}.
 */
public final class TrainCaptioner {
  /**
   * Seeds of these people are used for nothing that judges; the first are among those that the
   * adapter is taught by.
   */
  static final long FIRST_PERSON = 800_000_000L;
  /** Of four images: it reads selfies. */
  static final int HEADSHOTS = 1;

  static final int BATCH = 32;

  private TrainCaptioner() {}

  public static void main(String[] args) {
    Usage.require(args, 5, 5, "TrainCaptioner WORK-FOLDER COMMIT SEED PICTURES STEPS");
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
    Path state = work.resolve("captioner-state.safetensors");
    new CaptionerTraining(store, known, images, BATCH, seed).run(state, steps);
    TrimmedTokenizer.json(folder.resolve("config.json"), Architecture.captioner());
    PortraitFolder.weights(
        state,
        "ema.",
        folder.resolve("model.safetensors"),
        Map.of(
            "commit", commit, "numbers", "seed=" + seed + " images=" + images + " steps=" + steps));
  }
}
