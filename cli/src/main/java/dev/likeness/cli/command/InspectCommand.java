package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.inspect.CheckpointInspection;
import dev.likeness.cli.inspect.Inspector;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.memory.MemoryPlan;
import dev.likeness.diffusion.internal.model.ModelOpener;
import dev.likeness.diffusion.internal.model.PlannedFiles;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DeviceMemory;
import dev.likeness.diffusion.tensor.MemoryBudget;
import dev.likeness.diffusion.tensor.MemoryBudget.EightBits;
import dev.likeness.hub.HubAddress;
import dev.likeness.hub.ModelHub;
import dev.likeness.hub.RemoteHeaders;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
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
        if (found.kind().equals("base") && found.problems().isEmpty()) {
          tellMemory(ModelOpener.open(headers.path()));
        }
      }
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

  /** Tells the memory that an image needs by precision, and whether this machine has it. */
  private void tellMemory(ModelComponents files) {
    Compute compute = Compute.best();
    Optional<DeviceMemory> here = DeviceMemory.find(compute);
    List<MemoryPlan> own = PlannedFiles.choices(files, compute, MemoryBudget.unlimited());
    long least = own.stream().mapToLong(MemoryPlan::peak).min().orElseThrow();
    Map<String, Long> needs = new LinkedHashMap<>();
    for (String dtype : List.of("f32", "bf16")) {
      needs.put(
          dtype,
          PlannedFiles.choices(files, Compute.of(compute.device(), dtype), MemoryBudget.unlimited())
              .get(0)
              .peak());
    }
    needs.put(
        "8 bits",
        PlannedFiles.choices(files, compute, MemoryBudget.unlimited().allow8Bit(EightBits.WEIGHTS))
            .get(0)
            .peak());
    needs.put("at least", least);
    tell(
        "memory",
        needs.entrySet().stream()
                .map(each -> String.format(
                    Locale.ROOT, "%s %.1f GiB", each.getKey(), gibibytes(each.getValue())))
                .collect(Collectors.joining(", "))
            + ", for one image");
    here.ifPresent(memory -> tell(
        "fits",
        String.format(
            Locale.ROOT,
            "%s; %s has %.1f GiB, %.1f GiB of them free",
            fits(memory.total(), compute, own.get(0).peak(), needs.get("8 bits"), least),
            compute.device(),
            gibibytes(memory.total()),
            gibibytes(memory.free()))));
  }

  private static String fits(long total, Compute compute, long own, long eightBits, long least) {
    String dtype = compute.dtype().name().toLowerCase(Locale.ROOT);
    return own <= total
        ? "yes, in " + dtype
        : eightBits <= total
            ? "with --eight-bits"
            : least <= total ? "with generate --memory" : "no";
  }

  private static double gibibytes(long bytes) {
    return bytes / (double) (1L << 30);
  }

  private void tell(String name, String value) {
    console.out().println(String.format(Locale.ROOT, "%-12s %s", name, value));
  }
}
