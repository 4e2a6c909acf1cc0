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
public final class ConvertCommand implements Runnable {
  private final Console console;

  @Parameters(
      index = "0",
      paramLabel = "IN",
      description = "a checkpoint file (safetensors, ckpt, pt, bin, gguf) or a diffusers folder")
  private Path in;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "OUT",
      description =
          "the result: a file if the name ends in .safetensors, otherwise a diffusers folder. It "
              + "must not exist yet")
  private Path out;

  @Option(names = "--to", paramLabel = "OUT", description = "the same as OUT")
  private Path to;

  @Option(
      names = "--dtype",
      paramLabel = "T",
      description = "type of floating-point tensors: f32, f16, bf16, f8_e4m3 or f8_e5m2 (default: "
          + "unchanged)")
  private String dtype;

  /** Creates the subcommand with the console that it prints to. */
  public ConvertCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    if ((out == null) == (to == null)) {
      throw new IllegalArgumentException(
          "give either OUT or --to OUT (try likeness convert --help)");
    }
    Path target = out == null ? to : out;
    DType type = dtype == null ? null : DType.parse(dtype);
    if (type != null && !(type.isFloating() && type.isLoadable())) {
      throw new IllegalArgumentException("--dtype " + dtype
          + " is not a floating-point type; known: f32, f16, bf16, f8_e4m3, f8_e5m2");
    }
    if (Files.exists(target)) {
      throw new InvalidInputException(
          target + " already exists and is never overwritten; give another OUT");
    }
    if (type == null) {
      CheckpointConverter.convert(in, target);
    } else {
      CheckpointConverter.convert(in, target, type);
    }
    console.out().println(target);
    console.out().flush();
  }
}
