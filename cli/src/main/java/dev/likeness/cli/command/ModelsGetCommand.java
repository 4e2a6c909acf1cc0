package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.Run;
import dev.likeness.hub.DownloadPlan;
import dev.likeness.hub.HubAddress;
import dev.likeness.hub.HubFile;
import dev.likeness.hub.ModelHub;
import dev.likeness.hub.WebFile;
import dev.likeness.hub.WeightPrecision;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code likeness models get}: downloads a model. */
@Command(
    name = "get",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Downloads what is missing of a model, and prints its path. Of a repository, "
        + "only the files that likeness opens are downloaded.")
public final class ModelsGetCommand implements Runnable {
  private final Console console;

  @Parameters(
      paramLabel = "NAME",
      description =
          "NAME[:file] of the catalogue; owner/name[@revision][:file] of the hub, where of "
              + "a file a part of its name is enough, such as Q4_K_M; civitai:VERSION[:file]; or the "
              + "address of a file, with --sha256")
  private String name;

  @Option(
      names = "--sha256",
      paramLabel = "DIGEST",
      description = "the SHA-256 of the file at an address, 64 hexadecimal digits from the page "
          + "where the address stands")
  private String sha256;

  @Option(
      names = "--precision",
      paramLabel = "P",
      description = "f32, f16, bf16, 8bit or gguf, of repositories with several (default: the "
          + "file that likeness would open)")
  private String precision;

  @Option(names = "--dry-run", description = "shows files and sizes, and downloads nothing")
  private boolean dryRun;

  /** Creates the subcommand with the console that it prints to. */
  public ModelsGetCommand(Console console) {
    this.console = console;
  }

  @Override
  public void run() {
    ModelHub hub = ModelHub.open(ModelPlaces.settings());
    ModelSource source = ModelSource.of(name, hub.settings());
    if (source instanceof ModelSource.Web web) {
      getFile(hub, web);
      return;
    }
    if (sha256 != null) {
      throw new IllegalArgumentException(
          "--sha256 is for the address of a file, which begins with https://; leave it out");
    }
    HubAddress address = ((ModelSource.Repository) source).address();
    console.cancellation().run(() -> {
      if (hub.settings().isOffline() && !dryRun) {
        console.out().println(hub.get(address));
        return null;
      }
      DownloadPlan plan = hub.plan(address, choice());
      tell(plan);
      if (!dryRun) {
        Path got = hub.get(plan, new Run(ConsoleProgress.on(console), console.cancellation()));
        console.out().println(got);
        ModelSource.catalogued(address).ifPresent(model -> KnownBases.record(model, got));
      }
      return null;
    });
    console.out().flush();
  }

  /** Gets a file of an address or of Civitai. */
  private void getFile(ModelHub hub, ModelSource.Web web) {
    if (precision != null) {
      throw new IllegalArgumentException(
          "--precision is for repositories; give the file that you want as civitai:VERSION:FILE,"
              + " or its address");
    }
    console.cancellation().run(() -> {
      WebFile file = web.file(hub, Optional.ofNullable(sha256));
      if (dryRun) {
        console
            .out()
            .println(String.format(
                Locale.ROOT,
                "%10s  %s%n%10s  %s",
                ModelsCommand.bytes(hub.size(file)),
                file.name(),
                "SHA-256",
                file.sha256()));
        return null;
      }
      console
          .out()
          .println(hub.get(file, new Run(ConsoleProgress.on(console), console.cancellation())));
      console
          .err()
          .println("use it by its name, such as --base " + file.name()
              + "; its licence is on the page where you found it");
      return null;
    });
    console.out().flush();
  }

  private WeightPrecision choice() {
    return switch (precision == null ? "" : precision.toLowerCase(Locale.ROOT)) {
      case "" -> WeightPrecision.AS_PUBLISHED;
      case "f32" -> WeightPrecision.F32;
      case "f16" -> WeightPrecision.F16;
      case "bf16" -> WeightPrecision.BF16;
      case "8bit" -> WeightPrecision.EIGHT_BIT;
      case "gguf" -> WeightPrecision.GGUF;
      default ->
        throw new IllegalArgumentException(
            "unknown precision " + Quoted.of(precision) + "; known: f32, f16, bf16, 8bit, gguf");
    };
  }

  private void tell(DownloadPlan plan) {
    if (dryRun) {
      for (HubFile file : plan.files()) {
        console
            .out()
            .println(String.format(
                Locale.ROOT,
                "%10s  %s%s",
                ModelsCommand.bytes(file.size()),
                file.name(),
                plan.missing().contains(file) ? "" : "  (here)"));
      }
      console
          .out()
          .println(String.format(
              Locale.ROOT,
              "%10s  to download of %s",
              ModelsCommand.bytes(plan.missingBytes()),
              ModelsCommand.bytes(plan.bytes())));
    } else if (!plan.missing().isEmpty()) {
      console
          .err()
          .println("downloading " + ModelsCommand.bytes(plan.missingBytes()) + " of "
              + plan.repository().address().repository()
              + licence(plan.repository().licence()));
    }
  }

  private static String licence(Optional<String> stated) {
    return stated.map(name -> "; the repository states the licence " + name).orElse("");
  }
}
