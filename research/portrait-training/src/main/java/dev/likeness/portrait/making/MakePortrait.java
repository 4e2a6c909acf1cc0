package dev.likeness.portrait.making;

import dev.likeness.diffusion.request.Run;
import dev.likeness.portrait.evaluation.Evaluation;
import dev.likeness.portrait.evaluation.EvaluationPlan;
import dev.likeness.portrait.evaluation.EvaluationTable;
import dev.likeness.portrait.evaluation.EvaluationTools;
import dev.likeness.portrait.training.EmbedderPlan;
import dev.likeness.portrait.training.Named;
import dev.likeness.portrait.training.TrainAttributes;
import dev.likeness.portrait.training.TrainCaptioner;
import dev.likeness.portrait.training.TrainEmbedder;
import dev.likeness.portrait.training.TrainParts;
import dev.likeness.portrait.training.TrainPortrait;
import dev.likeness.portrait.training.Usage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Makes the networks of {@code portrait} in {@code WORK-FOLDER/folder}, stage by stage:
 * {@link TrainPortrait}'s autoencoder, text encoder and UNet, {@link TrainEmbedder}'s three
 * embedders of faces (one judges, the adapter looks through another, faces are held by that and the
 * third), {@link TrainCaptioner}'s captioner, what {@link TrainParts} adds,
 * {@link TrainAttributes}' classifier and a small evaluation by it. Each stage goes on where it was
 * stopped, and the same numbers give the same bits on a CPU.
 *
 * <p>Arguments: {@code WORK-FOLDER CLIP-FOLDER COMMIT [stages=a,b] [name=value ...]}.
 */
public final class MakePortrait {
  static final List<String> STAGES = List.of(
      "model",
      "embedder",
      "adapter-embedder",
      "guide-embedder",
      "captioner",
      "parts",
      "attributes",
      "evaluation");

  private static final List<String> EMBEDDERS =
      List.of("embedder", "adapter-embedder", "guide-embedder");
  private static final List<String> OWN = List.of(
      "stages",
      "embedderPeople",
      "embedderSteps",
      "captionerImages",
      "captionerSteps",
      "attributePictures",
      "attributeSteps",
      "partStages");

  private final Path work;
  private final Path clip;
  private final String commit;
  private final Named named;
  private final Path folder;

  private MakePortrait(Path work, Path clip, String commit, Named named) {
    this.work = work;
    this.clip = clip;
    this.commit = commit;
    this.named = named;
    this.folder = work.resolve("folder");
  }

  public static void main(String[] args) {
    Usage.require(
        args, 3, "MakePortrait WORK-FOLDER CLIP-FOLDER COMMIT [stages=a,b] [name=value ...]");
    Set<String> known = new LinkedHashSet<>(OWN);
    known.addAll(TrainPortrait.NAMES);
    known.addAll(TrainParts.NAMES);
    new MakePortrait(
            Path.of(args[0]),
            Path.of(args[1]),
            args[2],
            Named.of(List.of(args).subList(3, args.length), known))
        .run();
  }

  private void run() {
    Map<String, Runnable> all = new LinkedHashMap<>();
    all.put("model", () -> TrainPortrait.main(arguments(clip, TrainPortrait.NAMES, List.of())));
    all.put("embedder", () -> embedder("embedder", folder));
    all.put("adapter-embedder", () -> embedder("adapter-embedder", folder.resolve("ip_adapter")));
    all.put("guide-embedder", () -> embedder("guide-embedder", folder.resolve("guidance")));
    all.put(
        "captioner",
        () -> TrainCaptioner.train(
            work.resolve("captioner"),
            commit,
            seed(),
            named.number("captionerImages", 12_000),
            named.number("captionerSteps", 4500),
            folder.resolve("photo_reader")));
    all.put(
        "parts",
        () -> TrainParts.main(arguments(
            folder,
            TrainParts.NAMES,
            Stream.ofNullable(named.values().get("partStages"))
                .map(some -> "stages=" + some)
                .toList())));
    all.put(
        "attributes",
        () -> TrainAttributes.main(new String[] {
          work.resolve("attributes").toString(),
          commit,
          named.text("seed", "1"),
          named.text("attributePictures", "12000"),
          named.text("attributeSteps", "12000")
        }));
    all.put("evaluation", this::evaluate);
    List<String> stages = List.of(named.text("stages", String.join(",", STAGES)).split(","));
    if (!all.keySet().containsAll(stages)) {
      throw new IllegalArgumentException(
          "stages=" + String.join(",", stages) + "; known stages: " + String.join(",", STAGES));
    }
    // Numbers that make no sense are refused before the first stage.
    stages.stream().filter(EMBEDDERS::contains).forEach(this::plan);
    if (stages.contains("attributes")) {
      TrainAttributes.requirePeople(seed(), named.number("attributePictures", 12_000), 1);
    }
    STAGES.stream().filter(stages::contains).forEach(stage -> {
      System.err.println("stage " + stage);
      all.get(stage).run();
    });
  }

  private String[] arguments(Path second, Collection<String> names, List<String> more) {
    Stream<String> numbers = named.values().entrySet().stream()
        .filter(n -> names.contains(n.getKey()))
        .map(Object::toString);
    return Stream.of(Stream.of(work.toString(), second.toString(), commit), numbers, more.stream())
        .flatMap(s -> s)
        .toArray(String[]::new);
  }

  private void embedder(String stage, Path beside) {
    TrainEmbedder.train(
        work.resolve(stage),
        commit,
        plan(stage),
        named.number("embedderSteps", 4000),
        beside.resolve("face_embedder"));
  }

  /** Other people and another start each: what judges likeness takes no part in making it. */
  private EmbedderPlan plan(String stage) {
    int people = named.number("embedderPeople", 4000);
    return switch (stage) {
      case "embedder" -> EmbedderPlan.judge(seed(), people);
      case "adapter-embedder" -> EmbedderPlan.adapters(seed() + 1, people);
      case "guide-embedder" -> EmbedderPlan.guide(seed() + 2, people);
      default -> throw new IllegalArgumentException("no stage of an embedder: " + stage);
    };
  }

  private long seed() {
    return named.seed("seed", "1");
  }

  private void evaluate() {
    Path attributes = work.resolve("attributes").resolve("attributes.safetensors");
    try (EvaluationTools tools = EvaluationTools.open(
        Files.exists(attributes) ? List.of(attributes) : List.of(),
        Optional.empty(),
        Optional.empty())) {
      System.out.print(EvaluationTable.of(Evaluation.of(
          folder, EvaluationPlan.QUICK, tools, work.resolve("evaluation"), Run.silent())));
    }
  }
}
