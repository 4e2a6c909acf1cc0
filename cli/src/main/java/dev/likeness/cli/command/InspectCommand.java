package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.inspect.CheckpointInspection;
import dev.likeness.cli.inspect.Inspector;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code likeness inspect}: shows the kind and details of a file or folder; it reads only headers.
 */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description =
        "Shows format and content of a checkpoint, LoRA or adapter from its header, and the "
            + "content credentials of an image.")
public final class InspectCommand implements Runnable {
  private final Console console;

  @PathUse(Use.READ)
  @Parameters(
      paramLabel = "FILE|DIR",
      description = "a safetensors, ckpt, pt, bin or gguf file, a PNG, JPEG or WebP image, or a "
          + "diffusers folder")
  private Path path;

  @Option(names = "--json", description = "prints one JSON object")
  private boolean json;

  /** Creates the subcommand with the console that it prints to. */
  public InspectCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    CheckpointInspection found = Inspector.inspect(path);
    console.out().println(json ? found.toJson() : found.toString());
    console.out().flush();
    if (!found.problems().isEmpty()) {
      throw new InvalidInputException(found.problems().get(0));
    }
  }
}
