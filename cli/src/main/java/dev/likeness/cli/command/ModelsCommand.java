package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.console.MissingSubcommand;
import dev.likeness.cli.console.TypedCommand;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.hub.FileStore;
import dev.likeness.hub.HubAddress;
import dev.likeness.hub.HubCache;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code likeness models}, with the subcommands that keep the cache in order. */
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

  /** Writes a number of bytes for users. */
  static String bytes(long bytes) {
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
              "the digest that its download was compared with",
              whole ? List.of() : List.of(file.path() + " has another digest"),
              broken);
        }
      }
      HubCache cache = HubCache.of(ModelPlaces.settings());
      List<String> names = name == null
          ? cache.entries().stream().map(HubCache.Entry::name).toList()
          : files().entry(name).isPresent() ? List.of() : List.of(address(name).repository());
      for (String each : names) {
        tell(
            each,
            "the digests that the hub stated when its files were downloaded",
            console.cancellation().run(() -> cache.faults(each)),
            broken);
      }
      console.out().flush();
      if (!broken.isEmpty()) {
        throw new InvalidInputException(String.join(", ", broken)
            + " is damaged; remove it with "
            + TypedCommand.of(
                "models remove " + (broken.size() == 1 ? broken.get(0) : "NAME") + " --yes")
            + ", and get it again");
      }
    }

    private void tell(String each, String known, List<String> faults, List<String> broken) {
      console
          .out()
          .println(each
              + (faults.isEmpty()
                  ? " is whole: it has " + known
                  : ": " + String.join("; ", faults)));
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
      if (ModelPlaces.folders().isEmpty()) {
        console
            .err()
            .println(
                "no folder was added yet; add one with " + TypedCommand.of("models add FOLDER"));
      }
    }
  }
}
