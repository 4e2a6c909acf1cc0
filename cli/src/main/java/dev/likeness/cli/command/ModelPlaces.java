package dev.likeness.cli.command;

import dev.likeness.cli.console.TypedCommand;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.RepositoryFolder;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.hub.HubAddress;
import dev.likeness.hub.HubSettings;
import dev.likeness.hub.ModelHub;
import dev.likeness.schedulers.internal.ClosestNames;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Where models are on this machine: at a path, in the cache of the hub under a name of the
 * catalogue or of a repository, or in folders that {@code models add} has named. Nothing is
 * downloaded here.
 */
final class ModelPlaces {
  /** System properties that stand for environment variables, for tests inside of one JVM. */
  private static final String VARIABLE = "likeness.env.";

  private static final Pattern WEIGHTS =
      Pattern.compile("(?i).*\\.(safetensors|ckpt|pt|pth|bin|gguf|onnx)");
  private static final int DEEPEST = 8;
  private static final int SUGGESTED = 3;
  private static final String LIST = "model-folders.txt";

  private ModelPlaces() {}

  /** Returns the settings of the hub for this process. */
  static HubSettings settings() {
    return HubSettings.of(environment(), home());
  }

  private static Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>(System.getenv());
    System.getProperties().stringPropertyNames().stream()
        .filter(name -> name.startsWith(VARIABLE))
        .forEach(
            name -> environment.put(name.substring(VARIABLE.length()), System.getProperty(name)));
    return environment;
  }

  private static Path home() {
    return Path.of(System.getProperty("user.home"));
  }

  /**
   * Returns the file or folder of a model.
   *
   * @param name a path, {@code NAME[:file]} of the catalogue, the address of a repository, or the
   *     name of a file in one of the added folders
   * @return the place; a path that does not exist is returned as it is
   * @throws InvalidInputException if a model with this name is not on this machine; the message has
   *     the command that gets it
   */
  static Path find(String name) {
    Path path = name.startsWith(HubAddress.PREFIX) ? null : Path.of(name);
    if (path != null && Files.exists(path)) {
      return path;
    }
    Optional<CatalogueName> known = CatalogueName.of(name);
    if (known.isPresent()) {
      return onlyOne(known.get()).orElseThrow(() -> absent(name, known.get().toString()));
    }
    if (path != null && path.getNameCount() == 1 && !path.isAbsolute()) {
      return inFolders(name).orElse(path);
    }
    if (isAddress(name)) {
      return cached(HubAddress.parse(name)).orElseThrow(() -> absent(name, name));
    }
    return path;
  }

  /**
   * Returns the file or folder of a base, which exists.
   *
   * @throws InvalidInputException if there is none; the message has the names that are like it
   */
  static Path findBase(String name) {
    Path found = find(name);
    if (Files.exists(found)) {
      return found;
    }
    String closest = closest(
        name,
        Stream.concat(
            Stream.of(BaseOptions.EMBEDDED),
            ModelCatalogue.builtIn().models(CatalogueModel.Role.BASE).stream()
                .map(CatalogueModel::name)));
    throw new InvalidInputException(Quoted.value(name) + " does not exist; "
        + (closest.isEmpty() ? "" : closest + "; ")
        + "give a diffusers folder or a checkpoint file"
        + (closest.isEmpty() ? "" : ", or a name of " + TypedCommand.of("models list")));
  }

  /** Returns true if a name is the path of an existing file, and cannot be anything else. */
  static boolean isPathAlone(String name) {
    if (name.startsWith(HubAddress.PREFIX)) {
      return false;
    }
    Path path = Path.of(name);
    return (path.isAbsolute() || path.getNameCount() > 2) && Files.exists(path);
  }

  /** Returns the names that the user may have meant after "closest: "; empty if there are none. */
  static String closest(String name, Stream<String> names) {
    List<String> similar = ClosestNames.similar(name, names, SUGGESTED);
    return similar.isEmpty() ? "" : "closest: " + String.join(", ", similar);
  }

  // A path of two names whose folder is there is a path with a mistake in its last name; so is the
  // name of a file of weights, which no repository has.
  private static boolean isAddress(String name) {
    if (name.startsWith(HubAddress.PREFIX)) {
      return true;
    }
    try {
      boolean namesFile =
          HubAddress.parse(name).file().isEmpty() && WEIGHTS.matcher(name).matches();
      return !namesFile && !name.startsWith(".") && !Files.exists(Path.of(name).getName(0));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * Returns the file or folder of a name of the catalogue if the cache has it.
   *
   * @throws InvalidInputException if the cache has several files of weights that the name does not
   *     choose from
   */
  static Optional<Path> onlyOne(CatalogueName name) {
    HubAddress address = name.address();
    Optional<Path> found = cached(address);
    List<Path> files = found.isPresent() || address.file().isPresent() ? List.of() : files(address);
    if (files.size() > 1) {
      throw new InvalidInputException("the cache has " + files.size() + " files of " + name + "; "
          + "give one of them: "
          + files.stream()
              .map(file -> name + ":" + Quoted.value(file.getFileName().toString()))
              .collect(Collectors.joining(", ")));
    }
    return found;
  }

  /** Returns the files of weights that the cache has of the current revision of a repository. */
  private static List<Path> files(HubAddress address) {
    Path folder = settings().cache().resolve("models--" + address.repository().replace("/", "--"));
    try (Stream<Path> all = Files.walk(RepositoryFolder.HubCache.snapshot(folder))) {
      return all.filter(Files::isRegularFile)
          .filter(file -> WEIGHTS.matcher(file.getFileName().toString()).matches())
          .sorted()
          .toList();
    } catch (IOException | UncheckedIOException | InvalidInputException e) {
      return List.of();
    }
  }

  private static InvalidInputException absent(String name, String get) {
    return new InvalidInputException(Quoted.value(name)
        + " is not on this machine; get it once with: "
        + TypedCommand.of("models get ") + Quoted.value(get));
  }

  /**
   * Returns the base of the catalogue that a path has the files of: its repository's folder in the
   * cache, or files with the digest of a base that was downloaded by its name.
   */
  static Optional<CatalogueModel> catalogued(Path path) {
    return inCache(CatalogueModel.Role.BASE, path).or(() -> KnownBases.find(path));
  }

  /** Returns the model of a role whose place in the cache a path is. */
  static Optional<CatalogueModel> inCache(CatalogueModel.Role role, Path path) {
    Path cache = settings().cache().toAbsolutePath().normalize();
    Path whole = path.toAbsolutePath().normalize();
    if (path.getFileSystem() != cache.getFileSystem()
        || !whole.startsWith(cache)
        || whole.equals(cache)) {
      return Optional.empty();
    }
    String folder = cache.relativize(whole).getName(0).toString();
    return ModelCatalogue.builtIn().models(role).stream()
        .filter(model -> folder.equals("models--" + model.repository().replace("/", "--")))
        .filter(model -> model.file().map(whole::endsWith).orElse(true))
        .findFirst();
  }

  /** Returns the model of an address if the cache has it. */
  static Optional<Path> cached(HubAddress address) {
    try {
      return Optional.of(ModelHub.open(settings().offline(true)).get(address));
    } catch (InvalidInputException e) {
      return Optional.empty();
    }
  }

  private static Optional<Path> inFolders(String name) {
    return Stream.concat(folders().stream(), Stream.of(settings().files()))
        .flatMap(folder -> inFolder(folder, name).stream())
        .findFirst();
  }

  private static Optional<Path> inFolder(Path folder, String name) {
    try (Stream<Path> all = Files.find(
        folder, DEEPEST, (path, attributes) -> path.getFileName().toString().equals(name))) {
      return all.sorted().findFirst();
    } catch (IOException | UncheckedIOException e) {
      return Optional.empty();
    }
  }

  /** Returns the folders that were added, in the order of adding. */
  static List<Path> folders() {
    Path list = list();
    try {
      return Files.exists(list)
          ? Files.readAllLines(list, StandardCharsets.UTF_8).stream()
              .filter(line -> !line.isBlank())
              .map(Path::of)
              .toList()
          : List.of();
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + list + ": " + Quoted.reason(e), e);
    }
  }

  /** Adds a folder that is searched for models. */
  static void add(Path folder) {
    Path whole = folder.toAbsolutePath().normalize();
    if (!Files.isDirectory(whole)) {
      throw new InvalidInputException(folder + " is not a folder; give the folder of your models");
    }
    if (whole.toString().lines().count() != 1) {
      throw new ResourceLimitException("the name of the folder has several lines; rename it");
    }
    List<Path> all = new ArrayList<>(folders());
    if (!all.contains(whole)) {
      all.add(whole);
      String text = String.join("\n", all.stream().map(Path::toString).toList()) + "\n";
      AtomicFile.write(list(), out -> out.write(text.getBytes(StandardCharsets.UTF_8)));
    }
  }

  /** The file that lists the folders. */
  static Path list() {
    return config().resolve(LIST);
  }

  /** The user's folder of settings of Likeness. */
  static Path config() {
    String config = environment().get("XDG_CONFIG_HOME");
    return (config == null || config.isBlank() ? home().resolve(".config") : Path.of(config))
        .resolve("likeness");
  }
}
