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
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.DeviceMemory;
import dev.likeness.hub.DownloadPlan;
import dev.likeness.hub.FileStore;
import dev.likeness.hub.HubAddress;
import dev.likeness.hub.HubCache;
import dev.likeness.hub.HubFile;
import dev.likeness.hub.ModelHub;
import dev.likeness.hub.WebFile;
import dev.likeness.hub.WeightPrecision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
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
    return ModelSource.repository(name);
  }

  private static FileStore files() {
    return FileStore.of(ModelPlaces.settings());
  }

  /** {@code likeness models list}: lists the catalogue, and what the cache has of it. */
  @Command(
      name = "list",
      mixinStandardHelpOptions = true,
      sortOptions = false,
      description = "Lists the models of the catalogue: those on this machine first, then those "
          + "that fit its memory. The memory is that of one image, without the program.")
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
      Compute compute = Compute.best();
      long memory =
          DeviceMemory.find(compute).map(DeviceMemory::total).orElse(DeviceMemory.UNKNOWN);
      List<Listed> all = ModelCatalogue.builtIn().models().stream()
          .filter(model -> !commercial || model.isCommercial())
          .map(model -> Listed.of(model, compute, memory))
          .sorted(Comparator.comparing(Listed::place))
          .toList();
      if (json) {
        printJson(all);
      } else {
        all.forEach(each -> console.out().println(line(each)));
        console
            .err()
            .println("get a model: " + TypedCommand.of("models get NAME")
                + "; more about it before that: " + TypedCommand.of("inspect hf:REPOSITORY"));
      }
      console.out().flush();
    }

    /** Where a model is in the list. */
    private enum Place {
      /** It is on this machine. */
      HERE,
      /** Its images fit the memory of this machine. */
      FITS,
      /** Its memory is not known. */
      OTHER,
      /** Its images need more memory than this machine has. */
      LARGE
    }

    /** A model, and whether it is here and fits. */
    private record Listed(CatalogueModel model, Place place, OptionalDouble gibibytes) {
      private static final double PROGRAM = 0.5;

      static Listed of(CatalogueModel model, Compute compute, long memory) {
        OptionalDouble need = model
            .memory()
            .map(each -> OptionalDouble.of(compute.dtype() == DType.F32 ? each.f32() : each.bf16()))
            .orElse(OptionalDouble.empty());
        boolean here = ModelPlaces.cached(HubAddress.parse(model.address())).isPresent();
        boolean fits = memory == DeviceMemory.UNKNOWN
            || need.orElse(0) + PROGRAM <= memory / (double) (1L << 30);
        Place place =
            here ? Place.HERE : !fits ? Place.LARGE : need.isPresent() ? Place.FITS : Place.OTHER;
        return new Listed(model, place, need);
      }
    }

    private static String line(Listed each) {
      CatalogueModel model = each.model();
      return String.format(
              Locale.ROOT,
              "%-4s  %-24s  %-16s  %-12s  %8s  %-28s  %s",
              each.place() == Place.HERE ? "here" : each.place() == Place.FITS ? "fits" : "",
              model.name(),
              model.role().label(),
              model.family().orElse("any"),
              each.gibibytes().isPresent()
                  ? String.format(Locale.ROOT, "%.1f GiB", each.gibibytes().getAsDouble())
                  : "",
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

    private void printJson(List<Listed> all) {
      try {
        console
            .out()
            .println(JSON.std.asString(
                Map.of("models", all.stream().map(each -> toMap(each)).toList())));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static Map<String, Object> toMap(Listed each) {
      CatalogueModel model = each.model();
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("name", model.name());
      map.put("here", each.place() == Place.HERE);
      map.put("role", model.role().label());
      map.put("address", model.address());
      model.family().ifPresent(family -> map.put("family", family));
      map.put("purpose", model.purpose());
      model.memory().ifPresent(memory -> {
        map.put("fits", each.place() != Place.LARGE);
        map.put(
            "memory",
            Map.of(
                "size", memory.size(),
                "f32", memory.f32(),
                "bf16", memory.bf16(),
                "8bit", memory.eightBit(),
                "least", memory.least()));
      });
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
                  bytes(hub.size(file)),
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

    @Parameters(
        paramLabel = "NAME",
        description = "a name of the catalogue, owner/name, or the name of a downloaded file")
    private String name;

    @Option(names = "--yes", description = "deletes the files")
    private boolean yes;

    /** Creates the subcommand with the console that it prints to. */
    public ModelsRemoveCommand(Console console) {
      this.console = console;
    }

    @Override
    public void run() {
      Optional<FileStore.Entry> file = files().entry(name);
      if (file.isPresent()) {
        if (yes) {
          files().remove(file.get());
        }
        tell(file.get().path(), file.get().bytes());
        return;
      }
      HubCache cache = HubCache.of(ModelPlaces.settings());
      HubCache.Removal removal = cache.removal(address(name).repository());
      if (yes) {
        cache.remove(removal);
      }
      tell(removal.folder(), removal.bytes());
    }

    private void tell(Path what, long size) {
      console
          .out()
          .println((yes ? "removed " : "would remove ") + what + ", " + bytes(size)
              + (yes ? "" : "; --yes removes it"));
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
        description =
            "a name of the catalogue, owner/name, or the name of a downloaded file (default: "
                + "all models)")
    private String name;

    /** Creates the subcommand with the console that it prints to. */
    public ModelsVerifyCommand(Console console) {
      this.console = console;
    }

    @Override
    public void run() {
      List<String> broken = new ArrayList<>();
      for (FileStore.Entry file : files().entries()) {
        if (name == null || name.equals(file.name())) {
          boolean whole = console.cancellation().run(() -> files().isWhole(file));
          tell(
              file.name(),
              whole ? List.of() : List.of(file.path() + " has another digest"),
              broken);
        }
      }
      HubCache cache = HubCache.of(ModelPlaces.settings());
      List<String> names = name == null
          ? cache.entries().stream().map(HubCache.Entry::name).toList()
          : files().entry(name).isPresent() ? List.of() : List.of(address(name).repository());
      for (String each : names) {
        tell(each, console.cancellation().run(() -> cache.faults(each)), broken);
      }
      console.out().flush();
      if (!broken.isEmpty()) {
        throw new InvalidInputException(String.join(", ", broken)
            + " is damaged; remove it with " + TypedCommand.of("models remove NAME --yes")
            + ", and get it again");
      }
    }

    private void tell(String each, List<String> faults, List<String> broken) {
      console
          .out()
          .println(each + (faults.isEmpty() ? " is whole" : ": " + String.join("; ", faults)));
      if (!faults.isEmpty()) {
        broken.add(each);
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
      cache.entries().forEach(entry -> tell(entry.bytes(), entry.name()));
      List<FileStore.Entry> downloaded = files().entries();
      downloaded.forEach(file -> tell(file.bytes(), file.name()));
      tell(cache.bytes(), cache.folder());
      if (!downloaded.isEmpty()) {
        tell(
            downloaded.stream().mapToLong(FileStore.Entry::bytes).sum(), files().folder());
      }
      console.out().flush();
    }

    private void tell(long size, Object what) {
      console.out().println(String.format(Locale.ROOT, "%10s  %s", bytes(size), what));
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
