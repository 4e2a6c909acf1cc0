package dev.likeness.portrait.training;

import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.Safetensors;
import dev.likeness.diffusion.weights.SafetensorsWriter;
import dev.likeness.photos.embed.FolderEmbedder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.bytedeco.pytorch.Tensor;

/**
 * The program that made {@code portrait}'s embedders of faces, which know nothing of the model that draws them: renders
 * faces, trains on them, measures it on people it never saw, and writes {@code folder/face_embedder}. Every stage goes
 * on where it was stopped.
 *
 * <p>Arguments: {@code WORK-FOLDER COMMIT SEED PEOPLE STEPS [GRAY [START-FOLDER]]}, or {@code WORK-FOLDER COMMIT SEED PEOPLE
 * EMBEDDER-FOLDER [GRAY]} for one whose network stays and whose vectors are turned anew by so many people. {@code GRAY} is the
 * share of photos without colours by which vectors are turned, 0.5 unless given: 0 for an embedder that holds faces. One that goes
 * on from another by {@code START-FOLDER} can be put in its place before an adapter: their vectors point the same way.
 */
public final class TrainEmbedder {
  /** The share of photos without colours that an embedder which judges is turned by. */
  public static final double JUDGE = 0.5;

  /** One stranger in a thousand is taken for the person. */
  private static final double FALSE_ACCEPTS = 1e-3;
  private static final String WEIGHTS = "model.safetensors";

  private TrainEmbedder() {}

  public static void main(String[] args) {
    boolean trains = args.length > 4 && args[4].matches("\\d+");
    if (args.length < 5 || args.length > (trains ? 7 : 6)) {
      throw new IllegalArgumentException("usage: TrainEmbedder WORK-FOLDER COMMIT SEED PEOPLE STEPS [GRAY [START-FOLDER]],"
          + " or EMBEDDER-FOLDER [GRAY] in place of STEPS");
    }
    Path work = Path.of(args[0]);
    Path folder = work.resolve("folder").resolve("face_embedder");
    long seed = Long.parseLong(args[2]);
    int people = Integer.parseInt(args[3]);
    double gray = args.length > 5 ? Double.parseDouble(args[5]) : JUDGE;
    if (trains) {
      train(work, args[1], seed, people, Integer.parseInt(args[4]), gray, folder, args.length > 6 ? Path.of(args[6]) : null);
    } else {
      turn(work, args[1], seed, people, Path.of(args[4]).resolve(WEIGHTS), gray, folder);
    }
  }

  /**
   * Trains one in {@code work} to {@code steps} on so many people of {@code seed}, turns it, and writes {@code folder}.
   *
   * @param start the folder of one to go on from, or null
   */
  public static void train(Path work, String commit, long seed, int people, int steps, double gray, Path folder, Path start) {
    Path state = work.resolve("embedder.safetensors");
    Path first = start == null ? null : start.resolve(WEIGHTS);
    Map<String, String> made = new LinkedHashMap<>(Map.of("commit", commit, "numbers",
        "seed=" + seed + " people=" + people + " steps=" + steps + " gray=" + gray, "format", "pt"));
    if (first != null) {
      made.put("after", fingerprint(first));
    }
    EmbedderTraining training = new EmbedderTraining(faces(work, seed, people), people, seed, gray, first);
    training.run(state, steps);
    write(folder, () -> training.result(state), made);
  }

  private static void turn(Path work, String commit, long seed, int people, Path embedder, double gray, Path folder) {
    EmbedderTraining training = new EmbedderTraining(faces(work, seed, people), people, seed, gray, null);
    try (Safetensors file = Safetensors.open(embedder)) {
      Map<String, String> made = new LinkedHashMap<>(file.metadata());
      made.put("turned", "commit=" + commit + " seed=" + seed + " people=" + people + " gray=" + gray);
      write(folder, () -> training.turned(embedder), made);
    }
  }

  private static FaceStore faces(Path work, long seed, int people) {
    FaceStore store = new FaceStore(work.resolve("faces.rgb"), seed);
    store.fill(people, done -> {
      if (done % 640 == 0) {
        System.err.printf(Locale.ROOT, "faces %d/%d%n", done, people * FaceStore.SHOTS);
      }
    });
    return store;
  }

  private static void write(Path folder, Supplier<Map<String, Tensor>> weights, Map<String, String> made) {
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(folder.resolve(WEIGHTS), weights.get(), made);
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
    TrimmedTokenizer.json(folder.resolve("config.json"),
        Architecture.faceEmbedder(fingerprint(folder.resolve(WEIGHTS)), sameAbove));
  }

  private static String fingerprint(Path weights) {
    try {
      CRC32C sum = new CRC32C();
      sum.update(Files.readAllBytes(weights));
      return String.format(Locale.ROOT, "%08x", sum.getValue());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
