package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.photos.internal.embed.TorchEmbedder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.zip.CRC32C;
import org.bytedeco.pytorch.Tensor;

/**
 * The program that made {@code portrait}'s embedders of faces, which know nothing of the model that
 * draws them: renders faces, trains on them, measures it on people it never saw, and writes
 * {@code folder/face_embedder}. Every stage goes on where it was stopped.
 *
 * <p>Arguments: {@code WORK-FOLDER COMMIT SEED PEOPLE STEPS [NAME=VALUE]...}, or
 * {@code EMBEDDER-FOLDER} in place of the steps for one whose network stays and whose vectors are
 * turned anew by so many people. {@code gray=0.5} is the share of photos without colours, 0 for an
 * embedder that holds faces; {@code channels=32,48,80,128} its width; {@code start=FOLDER} one to
 * go on from, which it can then replace before an adapter: their vectors point the same way.
 */
public final class TrainEmbedder {
  /**
   * Of pairs of two people, the share that may pass for one: what the threshold for one and the
   * same is measured at.
   */
  private static final double FALSE_ACCEPTS = 1e-3;

  private TrainEmbedder() {}

  public static void main(String[] args) {
    Usage.require(
        args,
        5,
        "TrainEmbedder WORK-FOLDER COMMIT SEED PEOPLE STEPS|EMBEDDER-FOLDER [NAME=VALUE]...");
    Path work = Path.of(args[0]);
    Path folder = work.resolve("folder").resolve("face_embedder");
    boolean trains = args[4].matches("\\d+");
    Named named = Named.of(
        List.of(args).subList(5, args.length), trains ? EmbedderPlan.NAMES : Set.of("gray"));
    EmbedderPlan plan = EmbedderPlan.of(Long.parseLong(args[2]), Integer.parseInt(args[3]), named);
    if (trains) {
      train(work, args[1], plan, Integer.parseInt(args[4]), folder);
    } else {
      turn(work, args[1], plan, Path.of(args[4]), folder);
    }
  }

  /**
   * Trains one in {@code work} to {@code steps} of {@code plan}, turns it, and writes
   * {@code folder}.
   */
  public static void train(Path work, String commit, EmbedderPlan plan, int steps, Path folder) {
    Path state = work.resolve("embedder.safetensors");
    Map<String, String> made = new LinkedHashMap<>(
        Map.of("commit", commit, "numbers", plan.numbers(steps), "format", "pt"));
    if (plan.start() != null) {
      made.put("after", fingerprint(plan.first()));
    }
    EmbedderTraining training = new EmbedderTraining(faces(work, plan), plan);
    training.run(state, steps);
    write(folder, plan, () -> training.result(state), made);
  }

  private static void turn(
      Path work, String commit, EmbedderPlan plan, Path embedder, Path folder) {
    EmbedderPlan as = plan.wide(EmbedderPlan.channels(embedder));
    EmbedderTraining training = new EmbedderTraining(faces(work, as), as);
    Path weights = embedder.resolve(EmbedderPlan.WEIGHTS);
    try (Safetensors file = Safetensors.open(weights)) {
      Map<String, String> made = new LinkedHashMap<>(file.metadata());
      made.put(
          "turned",
          "commit=" + commit + " seed=" + plan.seed() + " people=" + plan.people() + " gray="
              + plan.gray());
      write(folder, as, () -> training.turned(weights), made);
    }
  }

  private static FaceStore faces(Path work, EmbedderPlan plan) {
    WorkStamp.require(work, "seed", plan.seed());
    FaceStore store = new FaceStore(work.resolve("faces.rgb"), plan.seed());
    store.fill(plan.people(), ProgressOutput.of("faces", plan.people() * FaceStore.SHOTS));
    return store;
  }

  private static void write(
      Path folder,
      EmbedderPlan plan,
      Supplier<Map<String, Tensor>> weights,
      Map<String, String> made) {
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(folder.resolve(EmbedderPlan.WEIGHTS), weights.get(), made);
    }
    config(folder, plan, 0.5);
    try (TorchEmbedder embedder = TorchEmbedder.open(folder)) {
      EmbedderTrial trial = EmbedderTrial.of(embedder);
      double threshold = trial.anybody().thresholdAt(FALSE_ACCEPTS);
      config(folder, plan, threshold);
      System.err.printf(
          Locale.ROOT,
          "of any two people one pair in 1000 is above %.3f, of one person %.3f; people of the same sex,"
              + " age, hair or skin: AUC %.4f, %.3f accepted at 1 in 1000, %.3f at 1 in 100%n",
          threshold,
          trial.anybody().trueAcceptRateAt(FALSE_ACCEPTS),
          trial.alike().auc(),
          trial.alike().trueAcceptRateAt(FALSE_ACCEPTS),
          trial.alike().trueAcceptRateAt(10 * FALSE_ACCEPTS));
    }
  }

  private static void config(Path folder, EmbedderPlan plan, double sameAbove) {
    TrimmedTokenizer.json(
        folder.resolve("config.json"),
        Architecture.faceEmbedder(
            fingerprint(folder.resolve(EmbedderPlan.WEIGHTS)), plan.channels(), sameAbove));
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
