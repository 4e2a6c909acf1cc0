package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.inspect.BaseMemory;
import dev.likeness.cli.inspect.BaseTime;
import dev.likeness.cli.inspect.CheckpointInspection;
import dev.likeness.cli.inspect.Inspector;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.hub.HubAddress;
import dev.likeness.hub.ModelHub;
import dev.likeness.hub.RemoteHeaders;
import java.util.Locale;
import java.util.function.UnaryOperator;
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
      paramLabel = "FILE|DIR|hf:REPOSITORY",
      description = "a safetensors, ckpt, pt, bin or gguf file, a PNG, JPEG or WebP image, a "
          + "diffusers folder, the name of a model on this machine, or hf:owner/name[@revision][:file] "
          + "of the hub, of which only headers are downloaded")
  private String path;

  @Option(names = "--json", description = "prints one JSON object")
  private boolean json;

  /** Creates the subcommand with the console that it prints to. */
  public InspectCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    if (path.startsWith(HubAddress.PREFIX)) {
      inspect(HubAddress.parse(path));
      return;
    }
    CheckpointInspection found = Inspector.inspect(ModelPlaces.find(path));
    console.out().println(json ? found.toJson() : found.toString());
    tellCosts(found, UnaryOperator.identity());
    console.out().flush();
    if (!found.problems().isEmpty()) {
      throw new InvalidInputException(found.problems().get(0));
    }
  }

  private void inspect(HubAddress address) {
    try (RemoteHeaders headers =
        console.cancellation().run(() -> ModelHub.open(ModelPlaces.settings()).headers(address))) {
      CheckpointInspection found = Inspector.inspect(headers.path());
      console.out().println(headers.named(json ? found.toJson() : found.toString()));
      if (!json) {
        tellRepository(headers);
      }
      tellCosts(found, headers::named);
      console.out().flush();
      if (!found.problems().isEmpty()) {
        throw new InvalidInputException(headers.named(found.problems().get(0)));
      }
    }
  }

  private void tellRepository(RemoteHeaders headers) {
    headers
        .repository()
        .licence()
        .ifPresent(licence -> tell("licence", licence + ", as the repository states"));
    if (headers.repository().gated()) {
      tell("gated", "its licence must be accepted before it can be downloaded");
    }
    tell("download", String.format(Locale.ROOT, "%.1f MB", headers.fileBytes() / 1e6));
    tell("read", String.format(Locale.ROOT, "%.1f MB", headers.readBytes() / 1e6));
  }

  /** Tells the memory and time that a base without problems needs; nothing of other files. */
  private void tellCosts(CheckpointInspection found, UnaryOperator<String> naming) {
    if (!json && found.kind().equals("base") && found.problems().isEmpty()) {
      BaseMemory.of(found.path()).forEach((name, value) -> tell(name, naming.apply(value)));
      BaseTime.of(found.path()).forEach((name, value) -> tell(name, naming.apply(value)));
    }
  }

  private void tell(String name, String value) {
    console.out().println(String.format(Locale.ROOT, "%-12s %s", name, value));
  }
}
