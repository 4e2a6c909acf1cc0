package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.TypedCommand;
import dev.likeness.cli.paths.Output;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.cli.paths.ResultFile;
import dev.likeness.cli.paths.WritesFiles;
import dev.likeness.diffusion.checkpoint.CheckpointConverter;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code likeness convert}: converts a checkpoint from a single file to a folder, from a folder to
 * a single file, from a pickle to safetensors, or to another dtype.
 */
@Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Converts a single file to a diffusers folder or back, to another dtype, or a "
        + "pickle to safetensors. To change the key format of a LoRA, use likeness lora "
        + "--key-format.")
public final class ConvertCommand implements Runnable, WritesFiles {
  private final Console console;

  @PathUse(Use.READ)
  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "a checkpoint file (safetensors, ckpt, pt, bin, gguf) or a diffusers folder")
  private Path in;

  @PathUse(Use.WRITTEN)
  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "OUT",
      description =
          "the result: a file if the name ends in .safetensors, otherwise a diffusers folder")
  private Path out;

  @PathUse(Use.WRITTEN)
  @Option(names = "--to", paramLabel = "OUT", description = "the same as OUT")
  private Path to;

  @Option(
      names = "--dtype",
      paramLabel = "T",
      description = "type of floating-point tensors: f32, f16, bf16, f8_e4m3 or f8_e5m2 (default: "
          + "unchanged)")
  private String dtype;

  @Mixin
  private OverwriteOption overwrite;

  /** Creates the subcommand with the console that it prints to. */
  public ConvertCommand(Console console) {
    this.console = console;
  }

  @Override
  public List<Output> outputs() {
    return Stream.of(
            Map.entry("OUT", Optional.ofNullable(out)), Map.entry("--to", Optional.ofNullable(to)))
        .flatMap(named -> named.getValue().stream().map(path -> output(named.getKey(), path)))
        .toList();
  }

  private Output output(String name, Path target) {
    return isFile(target)
        ? Output.file(name, target, overwrite.isGiven())
        : Output.newFolder(name, target);
  }

  private static boolean isFile(Path target) {
    return target.toString().endsWith(".safetensors");
  }

  @Override
  public void run() {
    if ((out == null) == (to == null)) {
      throw new IllegalArgumentException(
          "give either OUT or --to OUT (try " + TypedCommand.of("convert --help") + ")");
    }
    Path target = out == null ? to : out;
    DType type = dtype == null ? null : DType.parse(dtype);
    if (type != null && !(type.isFloating() && type.isLoadable())) {
      throw new IllegalArgumentException("--dtype " + dtype
          + " is not a floating-point type; known: f32, f16, bf16, f8_e4m3, f8_e5m2");
    }
    if (isFile(target)) {
      console
          .out()
          .println(ResultFile.write(target, overwrite.isGiven(), whole -> convert(whole, type)));
    } else {
      convert(target, type);
      console.out().println(target);
    }
    console.out().flush();
  }

  private void convert(Path target, DType type) {
    if (type == null) {
      CheckpointConverter.convert(in, target, Run.of(console.cancellation()));
    } else {
      CheckpointConverter.convert(in, target, type, Run.of(console.cancellation()));
    }
  }
}
