package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.TypedCommand;
import dev.likeness.cli.numbers.NumberRange;
import dev.likeness.cli.paths.Output;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.cli.paths.ResultFile;
import dev.likeness.cli.paths.WritesFiles;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraMerge;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraInspection;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code likeness lora}: writes a LoRA that is made from other LoRAs or models. */
@Command(
    name = "lora",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Writes a LoRA: merges several, changes rank or key format, or extracts the "
        + "difference between a trained model and its base.")
public final class LoraCommand implements Runnable, WritesFiles {
  /** The rank of the result if the factors have none. */
  private static final int DEFAULT_RANK = 16;

  private final Console console;

  @PathUse(Use.READ)
  @Parameters(
      arity = "0..*",
      paramLabel = "FILE[@WEIGHT]",
      converter = WeightedFile.Parser.class,
      description = "LoRAs of one base; the result is their weighted sum")
  private List<WeightedFile> files = List.of();

  @PathUse(Use.READ)
  @Option(
      names = "--extract",
      paramLabel = "TUNED-BASE",
      description =
          "instead of LoRA files: a model that was trained from --base; its difference from --base "
              + "becomes the LoRA")
  private Path tunedModel;

  @Mixin
  private BaseOptions base;

  @NumberRange(min = 1, max = Integer.MAX_VALUE)
  @Option(
      names = "--rank",
      paramLabel = "R",
      description =
          "rank of the result (default: 16 with --extract, otherwise the largest rank of the files, "
              + "but at least 16 for files of other algorithms than LoRA, such as OFT or LoHa)")
  private Integer rank;

  @Option(
      names = "--key-format",
      paramLabel = "NAME",
      defaultValue = "PEFT",
      description =
          "key format of the result: PEFT, DIFFUSERS or KOHYA (default: ${DEFAULT-VALUE})")
  private KeyFormat keyFormat;

  @PathUse(Use.WRITTEN)
  @Option(names = "--out", paramLabel = "FILE", required = true, description = "file for the LoRA")
  private Path out;

  @Mixin
  private OverwriteOption overwrite;

  /** Creates the subcommand with the console that it prints to. */
  public LoraCommand(Console console) {
    this.console = console;
  }

  @Override
  public List<Output> outputs() {
    return List.of(Output.file("--out", out, overwrite.isGiven()));
  }

  @Override
  public void run() {
    if (files.isEmpty() == (tunedModel == null)) {
      throw new IllegalArgumentException("give either LoRA files or --extract TUNED-BASE (try "
          + TypedCommand.of("lora --help") + ")");
    }
    files.stream().filter(file -> file.blocks() != null).findFirst().ifPresent(file -> {
      throw new IllegalArgumentException("block weights cannot be merged into a LoRA; give "
          + file.file() + "@" + file.weight() + " here; block weights work only with"
          + " likeness generate --lora");
    });
    try (BaseModel model = tunedModel == null ? base.open() : base.openExact();
        Lora made = tunedModel == null ? merge(model) : extract(model)) {
      Path file = ResultFile.write(out, overwrite.isGiven(), whole -> made.save(whole, keyFormat));
      console.out().println(file);
      LoraInspection written = Lora.inspect(file, model);
      boolean limited = rank != null && written.rank() < rank;
      console
          .err()
          .println(written.layers() + " layers of rank " + written.rank()
              + (limited ? " (--rank " + rank + " is more than the result has)" : ""));
    }
    console.out().flush();
  }

  /** A single file at full strength and its own rank keeps its factors as they are. */
  private Lora merge(BaseModel model) {
    Map<Lora, Double> loras = new LinkedHashMap<>();
    try {
      files.forEach(file -> loras.put(open(file, model), file.weight()));
      boolean same = files.size() == 1 && rank == null && files.get(0).weight() == 1;
      return same
          ? open(files.get(0), model)
          : LoraMerge.merge(loras, rank == null ? rankOf(loras.keySet()) : rank);
    } finally {
      loras.keySet().forEach(Lora::close);
    }
  }

  private Lora open(WeightedFile file, BaseModel model) {
    return Lora.open(file.file(), model, Run.of(console.cancellation()));
  }

  private int rankOf(Set<Lora> loras) {
    return LoraMerge.maxRank(loras).orElseGet(() -> {
      int taken =
          loras.stream().mapToInt(lora -> lora.inspection().rank()).reduce(DEFAULT_RANK, Math::max);
      console
          .err()
          .println("some layers have no rank in the files; rank " + taken
              + " is used, which may be too low for them; give --rank to choose another");
      return taken;
    });
  }

  private Lora extract(BaseModel model) {
    try (BaseModel other = base.openOther(tunedModel, model.compute())) {
      List<String> left = LoraMerge.omittedTensors(model, other);
      if (!left.isEmpty()) {
        console
            .err()
            .println(left.size()
                + " norms, biases and embedding tables also differ and are left out, such as "
                + Quoted.of(left.get(0)));
      }
      return LoraMerge.extract(model, other, rank == null ? DEFAULT_RANK : rank);
    }
  }
}
