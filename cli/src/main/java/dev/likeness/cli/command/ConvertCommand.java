package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.checkpoint.CheckpointConverter;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code likeness convert}: single file to folder and back, another element type, a pickle to
 * safetensors.
 */
@Command(
    name = "convert",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Converts between a single file and a diffusers folder, to another dtype, or a pickle to safetensors. Names of "
            + "a LoRA's keys are changed by likeness lora --key-format.")
public final class ConvertCommand implements Runnable {
  private final Console console;

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "a checkpoint file (safetensors, ckpt, pt, bin, gguf) or a folder")
  private Path in;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "OUT",
      description = "a file when it ends in .safetensors, else a diffusers folder; must not exist")
  private Path out;

  @Option(names = "--to", paramLabel = "OUT", description = "says OUT, too")
  private Path to;

  @Option(
      names = "--dtype",
      paramLabel = "T",
      description =
          "f32, f16, bf16, f8_e4m3, f8_e5m2 for floating-point tensors (default: as they are, bit for bit)")
  private String dtype;

  /** A subcommand that speaks to {@code console}. */
  public ConvertCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    if ((out == null) == (to == null)) {
      throw new IllegalArgumentException(
          "give OUT once, with --to or without (try likeness convert --help)");
    }
    Path target = out == null ? to : out;
    DType type = dtype == null ? null : DType.parse(dtype);
    if (type != null && !(type.isFloating() && type.isLoadable())) {
      throw new InvalidInputException("--dtype " + dtype
          + " is no floating-point type of tensors; known: f32, f16, bf16, f8_e4m3, f8_e5m2");
    }
    if (Files.exists(target)) {
      throw new InvalidInputException(
          target + " exists already; name another, since nothing is overwritten");
    }
    CheckpointConverter.convert(in, target, type);
    console.out().println(target);
    console.out().flush();
  }
}
