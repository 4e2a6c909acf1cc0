package dev.likeness.portrait.training;

import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.SafetensorsWriter;
import dev.likeness.photos.embed.FolderEmbedder;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * The program that made {@code portrait}'s embedders of faces, which know nothing of the model that draws them: renders
 * faces, trains on them, measures it on people it never saw, and writes {@code folder/face_embedder}. Every stage goes
 * on where it was stopped.
 *
 * <p>Arguments: {@code WORK-FOLDER COMMIT SEED PEOPLE STEPS}.
 */
public final class TrainEmbedder {
  /** One stranger in a thousand is taken for the person. */
  private static final double FALSE_ACCEPTS = 1e-3;

  private TrainEmbedder() {}

  public static void main(String[] args) {
    if (args.length != 5) {
      throw new IllegalArgumentException("usage: TrainEmbedder WORK-FOLDER COMMIT SEED PEOPLE STEPS");
    }
    Path work = Path.of(args[0]);
    train(work, args[1], Long.parseLong(args[2]), Integer.parseInt(args[3]), Integer.parseInt(args[4]),
        work.resolve("folder").resolve("face_embedder"));
  }

  /** Trains one in {@code work} to {@code steps} on so many people of {@code seed}, and writes {@code folder}. */
  public static void train(Path work, String commit, long seed, int people, int steps, Path folder) {
    FaceStore store = new FaceStore(work.resolve("faces.rgb"), seed);
    store.fill(people, done -> {
      if (done % 640 == 0) {
        System.err.printf(Locale.ROOT, "faces %d/%d%n", done, people * FaceStore.SHOTS);
      }
    });
    Path state = work.resolve("embedder.safetensors");
    EmbedderTraining training = new EmbedderTraining(store, people, seed);
    training.run(state, steps);
    Map<String, String> made = Map.of("commit", commit,
        "numbers", "seed=" + seed + " people=" + people + " steps=" + steps, "format", "pt");
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(folder.resolve("model.safetensors"), training.result(state), made);
    }
    config(folder, 0.5);
    try (FolderEmbedder embedder = FolderEmbedder.open(folder)) {
      EmbedderTrial trial = EmbedderTrial.of(embedder);
      double threshold = trial.anybody().thresholdAt(FALSE_ACCEPTS);
      config(folder, threshold);
      System.err.printf(Locale.ROOT, "of any two people one pair in 1000 is above %.3f, of one person %.3f; people of the same sex,"
          + " age, hair or skin: AUC %.4f, %.3f accepted at 1 in 1000, %.3f at 1 in 100%n", threshold,
          trial.anybody().acceptedAt(FALSE_ACCEPTS), trial.alike().auc(), trial.alike().acceptedAt(FALSE_ACCEPTS),
          trial.alike().acceptedAt(10 * FALSE_ACCEPTS));
    }
  }

  private static void config(Path folder, double sameAbove) {
    TrimmedTokenizer.json(folder.resolve("config.json"), Architecture.faceEmbedder(sameAbove));
  }
}
