package dev.likeness.cli.command;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.ConsoleProgress;
import dev.likeness.cli.console.MissingSubcommand;
import dev.likeness.cli.console.TypedCommand;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.Run;
import dev.likeness.hub.DownloadPlan;
import dev.likeness.hub.HubAddress;
import dev.likeness.hub.HubCache;
import dev.likeness.hub.HubFile;
import dev.likeness.hub.ModelHub;
import dev.likeness.hub.WeightPrecision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code likeness models}: lists, gets, checks and removes models. */
@Command(
    name = "models",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = "Lists, gets, checks and removes models. The cache is that of Python's "
        + "huggingface_hub. Only the subcommand get uses the network.")
public final class ModelsCommand implements Runnable {
  @Spec
  private CommandSpec spec;

  @Override
  public void run() {
    throw MissingSubcommand.of(spec);
  }

  private static String bytes(long bytes) {
    return bytes < 1_000_000_000
        ? String.format(Locale.ROOT, "%.1f MB", bytes / 1e6)
        : String.format(Locale.ROOT, "%.1f GB", bytes / 1e9);
  }

  private static HubAddress address(String name) {
    return HubAddress.parse(ModelCatalogue.builtIn()
        .find(name)
        .map(CatalogueModel::address)
        .orElseGet(() -> requireAddress(name)));
  }

  private static String requireAddress(String name) {
    if (!name.contains("/")) {
      String closest = ModelPlaces.closest(
          name, ModelCatalogue.builtIn().models().stream().map(CatalogueModel::name));
      throw new InvalidInputException("the catalogue has no model " + Quoted.of(name) + "; "
          + (closest.isEmpty() ? "" : closest + "; ") + TypedCommand.of("models list")
          + " shows its names, and owner/name gets any repository");
    }
    if (name.contains("://")) {
      throw new IllegalArgumentException(
          Quoted.of(name) + " is a web address; give owner/name[@revision][:file] of the hub");
    }
    return name;
  }

  /** {@code likeness models list}: lists the catalogue, and what the cache has of it. */
  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = "Lists the models of the catalogue: those on this machine first.")
  public static final class ModelsListCommand implements Runnable {
    private final Console console;

    @Option(
        names = "--commercial",
        description = "lists only models whose licence allows commercial use without conditions")
    private boolean commercial;

    @Option(names = "--json", description = "prints one JSON object, with the pages of each fact")
    private boolean json;

    /** Creates the subcommand with the console that it prints to. */
    public ModelsListCommand(Console console) {
      this.console = console;
    }

    @Override
    public void run() {
      List<CatalogueModel> here = new ArrayList<>();
      List<CatalogueModel> others = new ArrayList<>();
      ModelCatalogue.builtIn().models().stream()
          .filter(model -> !commercial || model.isCommercial())
          .forEach(model -> (isHere(model) ? here : others).add(model));
      if (json) {
        printJson(here, others);
      } else {
        here.forEach(model -> console.out().println(line(model, "here")));
        others.forEach(model -> console.out().println(line(model, "")));
        console
            .err()
            .println("get a model: " + TypedCommand.of("models get NAME")
                + "; more about it before that: " + TypedCommand.of("inspect hf:REPOSITORY"));
      }
      console.out().flush();
    }

    private static boolean isHere(CatalogueModel model) {
      return ModelPlaces.cached(HubAddress.parse(model.address())).isPresent();
    }

    private static String line(CatalogueModel model, String mark) {
      return String.format(
              Locale.ROOT,
              "%-4s  %-24s  %-16s  %-12s  %-28s  %s",
              mark,
              model.name(),
              model.role().label(),
              model.family().orElse("any"),
              licence(model),
              model.purpose())
          .stripTrailing();
    }

    private static String licence(CatalogueModel model) {
      return model
          .licence()
          .map(each -> each.name()
              + switch (each.commercial()) {
                case YES -> "";
                case CONDITIONS -> " (*)";
                case NO -> " (no sale)";
              })
          .orElse("not known");
    }

    private void printJson(List<CatalogueModel> here, List<CatalogueModel> others) {
      List<Object> all = new ArrayList<>();
      here.forEach(model -> all.add(toMap(model, true)));
      others.forEach(model -> all.add(toMap(model, false)));
      try {
        console.out().println(JSON.std.asString(Map.of("models", all)));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static Map<String, Object> toMap(CatalogueModel model, boolean isHere) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("name", model.name());
      map.put("here", isHere);
      map.put("role", model.role().label());
      map.put("address", model.address());
      model.family().ifPresent(family -> map.put("family", family));
      map.put("purpose", model.purpose());
      model.licence().ifPresent(licence -> {
        map.put("licence", licence.name());
        map.put("commercial", licence.commercial().name().toLowerCase(Locale.ROOT));
      });
      map.put(
          "sources",
          model.sources().stream()
              .map(source -> Map.of(
                  "page", source.page(),
                  "read", source.read().toString(),
                  "facts", source.facts()))
              .toList());
      return map;
    }
  }

  /** {@code likeness models get}: downloads a model. */
  @Command(
      name = "get",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = "Downloads what is missing of a model, and prints its path. Of a repository, "
          + "only the files that likeness opens are downloaded.")
  public static final class ModelsGetCommand implements Runnable {
    private final Console console;

    @Parameters(
        paramLabel = "NAME",
        description = "a name of the catalogue, or owner/name[@revision][:file] of the hub; of a "
            + "file, a part of its name is enough, such as Q4_K_M")
    private String name;

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
      HubAddress address = address(name);
      console.cancellation().run(() -> {
        if (hub.settings().isOffline() && !dryRun) {
          console.out().println(hub.get(address));
          return null;
        }
        DownloadPlan plan = hub.plan(address, choice());
        tell(plan);
        if (!dryRun) {
          console
              .out()
              .println(hub.get(plan, new Run(ConsoleProgress.on(console), console.cancellation())));
        }
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
                  bytes(file.size()),
                  file.name(),
                  plan.missing().contains(file) ? "" : "  (here)"));
        }
        console
            .out()
            .println(String.format(
                Locale.ROOT,
                "%10s  to download of %s",
                bytes(plan.missingBytes()),
                bytes(plan.bytes())));
      } else if (!plan.missing().isEmpty()) {
        console
            .err()
            .println("downloading " + bytes(plan.missingBytes()) + " of "
                + plan.repository().address().repository()
                + licence(plan.repository().licence()));
      }
    }

    private static String licence(Optional<String> stated) {
      return stated.map(name -> "; the repository states the licence " + name).orElse("");
    }
  }

  /** {@code likeness models remove}: removes a model from the cache. */
  @Command(
      name = "remove",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = "Shows what would be deleted of a model in the cache; with --yes, deletes it. "
          + "Files that another repository shares are kept.")
  public static final class ModelsRemoveCommand implements Runnable {
    private final Console console;

    @Parameters(paramLabel = "NAME", description = "a name of the catalogue, or owner/name")
    private String name;

    @Option(names = "--yes", description = "deletes the files")
    private boolean yes;

    /** Creates the subcommand with the console that it prints to. */
    public ModelsRemoveCommand(Console console) {
      this.console = console;
    }

    @Override
    public void run() {
      HubCache cache = HubCache.of(ModelPlaces.settings());
      HubCache.Removal removal = cache.removal(address(name).repository());
      if (yes) {
        cache.remove(removal);
      }
      console
          .out()
          .println((yes ? "removed " : "would remove ") + removal.folder() + ", "
              + bytes(removal.bytes()) + (yes ? "" : "; --yes removes it"));
      console.out().flush();
    }
  }

  /** {@code likeness models verify}: compares files in the cache with their digests. */
  @Command(
      name = "verify",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = "Compares the files of one or all models in the cache with the digests that "
          + "the hub gave when they were downloaded.")
  public static final class ModelsVerifyCommand implements Runnable {
    private final Console console;

    @Parameters(
        paramLabel = "NAME",
        arity = "0..1",
        description = "a name of the catalogue, or owner/name (default: all models)")
    private String name;

    /** Creates the subcommand with the console that it prints to. */
    public ModelsVerifyCommand(Console console) {
      this.console = console;
    }

    @Override
    public void run() {
      HubCache cache = HubCache.of(ModelPlaces.settings());
      List<String> names = name == null
          ? cache.entries().stream().map(HubCache.Entry::name).toList()
          : List.of(address(name).repository());
      List<String> broken = new ArrayList<>();
      for (String each : names) {
        List<String> faults = console.cancellation().run(() -> cache.faults(each));
        console
            .out()
            .println(each + (faults.isEmpty() ? " is whole" : ": " + String.join("; ", faults)));
        if (!faults.isEmpty()) {
          broken.add(each);
        }
      }
      console.out().flush();
      if (!broken.isEmpty()) {
        throw new InvalidInputException(String.join(", ", broken)
            + " is damaged; remove it with " + TypedCommand.of("models remove NAME --yes")
            + ", and get it again");
      }
    }
  }

  /** {@code likeness models du}: shows how large the models in the cache are. */
  @Command(
      name = "du",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = "Shows the models in the cache, whoever downloaded them, and their sizes. A "
          + "file that several share counts once in the sum.")
  public static final class ModelsDuCommand implements Runnable {
    private final Console console;

    /** Creates the subcommand with the console that it prints to. */
    public ModelsDuCommand(Console console) {
      this.console = console;
    }

    @Override
    public void run() {
      HubCache cache = HubCache.of(ModelPlaces.settings());
      for (HubCache.Entry entry : cache.entries()) {
        console
            .out()
            .println(String.format(Locale.ROOT, "%10s  %s", bytes(entry.bytes()), entry.name()));
      }
      console
          .out()
          .println(String.format(Locale.ROOT, "%10s  %s", bytes(cache.bytes()), cache.folder()));
      console.out().flush();
    }
  }

  /** {@code likeness models add}: adds a folder that is searched for models. */
  @Command(
      name = "add",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = "Adds a folder, such as ComfyUI's models, in which --base finds a file by its "
          + "name. Without FOLDER, lists the folders.")
  public static final class ModelsAddCommand implements Runnable {
    private final Console console;

    @PathUse(Use.READ)
    @Parameters(paramLabel = "FOLDER", arity = "0..1", description = "a folder of models")
    private Path folder;

    /** Creates the subcommand with the console that it prints to. */
    public ModelsAddCommand(Console console) {
      this.console = console;
    }

    @Override
    public void run() {
      if (folder != null) {
        ModelPlaces.add(folder);
      }
      ModelPlaces.folders().forEach(console.out()::println);
      console.out().flush();
    }
  }
}
