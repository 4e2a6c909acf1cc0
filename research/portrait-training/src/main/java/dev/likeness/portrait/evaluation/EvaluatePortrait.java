package dev.likeness.portrait.evaluation;

import dev.likeness.cli.LikenessCommand;
import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.diffusion.request.Run;
import dev.likeness.portrait.PortraitModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The embedded model's figures, measured again: {@code EvaluatePortrait portrait}. */
@Command(
    name = "EvaluatePortrait",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Measures a portrait model: prompts read back, faces, diversity, distance to renders, copying, identity.")
public final class EvaluatePortrait implements Runnable {
  private static final String EMBEDDED = "portrait";

  private final Console console;

  @Parameters(
      paramLabel = "MODEL",
      description = "portrait, the embedded model, or the folder of one that was trained alike")
  private String model;

  @Option(names = "--quick", description = "a small sample")
  private boolean quick;

  @Option(
      names = "--prompts",
      paramLabel = "N",
      description = "random prompts (default: 500, quick 48)")
  private Integer prompts;

  @Option(
      names = "--people",
      paramLabel = "N",
      description = "people to learn and draw; 0 leaves identity out (default: 20," + " quick 2)")
  private Integer people;

  @Option(
      names = "--attributes",
      paramLabel = "FILE",
      split = ",",
      description = "the attribute classifier that TrainAttributes wrote:"
          + " reads prompts back, and tells how different images are; of several, between commas, what they"
          + " hold for likely together")
  private List<Path> attributes = List.of();

  @Option(
      names = "--detector",
      paramLabel = "FILE",
      description = "a YuNet ONNX file: counts faces")
  private Path detector;

  @Option(
      names = "--embedder",
      paramLabel = "FILE",
      description = "an ONNX file named after SFace, MobileFace, AuraFace or"
          + " ArcFace: distance to renders, and pairs of headshots")
  private Path embedder;

  @Option(
      names = "--out",
      defaultValue = "evaluation",
      paramLabel = "DIR",
      description = "receives evaluation.json and the"
          + " images; what is there already is gone on with (default: ${DEFAULT-VALUE})")
  private Path out;

  /** A program that speaks to {@code console}. */
  public EvaluatePortrait(Console console) {
    this.console = console;
  }

  /** Measures, and ends the JVM with the exit statuses of the command. */
  public static void main(String[] args) {
    LikenessCommand.exit(console -> new CommandLine(new EvaluatePortrait(console)), args);
  }

  @Override
  public void run() {
    Path folder = model.equals(EMBEDDED) ? PortraitModel.files() : Path.of(model);
    try (EvaluationTools tools = EvaluationTools.open(
        attributes, Optional.ofNullable(detector), Optional.ofNullable(embedder))) {
      Map<String, Object> figures = Evaluation.of(
          folder, plan(), tools, out, new Run(ConsoleProgress.on(console), console.cancellation()));
      console.out().print(EvaluationTable.of(figures));
      console.out().flush();
    }
  }

  private EvaluationPlan plan() {
    EvaluationPlan plan = quick ? EvaluationPlan.QUICK : EvaluationPlan.WHOLE;
    plan = prompts == null ? plan : plan.prompts(prompts);
    return people == null ? plan : plan.people(people);
  }
}
