package dev.likeness.hub;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.ShardedSource;
import dev.likeness.diffusion.internal.io.TemporaryFiles;
import dev.likeness.diffusion.internal.model.ModelFolder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The files of a repository that the library opens. For a diffusers folder, the code that opens
 * folders chooses: it is asked about a folder whose files have the names of the repository's and no
 * content.
 */
final class NeededFiles {
  private static final String INDEX = "model_index.json";
  private static final String CONFIG = "config.json";
  private static final List<String> SINGLE_FILES =
      List.of(".safetensors", ".gguf", ".ckpt", ".pt", ".pth", ".bin");
  /** What stands beside weights and is read as text; vocabularies of T5 are binary. */
  private static final List<String> TEXTS = List.of(".json", ".txt", ".model");
  /** Weights of other programs, whose names end as those of this library's do. */
  private static final Pattern FOREIGN =
      Pattern.compile("(?i)(^|.*/)(flax_model|tf_model|openvino_.*|rust_model|.*\\.onnx)(\\..*)?$"
          + "|.*\\.(msgpack|h5|onnx|onnx_data|pb|xml|tflite|ot|mlmodel)$");

  private static final Pattern WEIGHT_INDEX =
      Pattern.compile(".*\\.(safetensors|bin)(\\.\\w+)?\\.index(\\.\\w+)?\\.json"
          + "|.*\\.\\w+\\.(safetensors|bin)\\.index\\.json");
  private static final Pattern STEM =
      Pattern.compile("(diffusion_pytorch_model|model|pytorch_model)[.-].*");
  private static final int LISTED = 12;

  /** Reads a small file of the repository. */
  @FunctionalInterface
  interface Texts {
    String read(HubFile file);
  }

  private final List<HubFile> files;
  private final String opened;

  private NeededFiles(Set<HubFile> files, String opened) {
    this.files = files.stream().sorted(Comparator.comparing(HubFile::name)).toList();
    this.opened = opened;
  }

  List<HubFile> files() {
    return files;
  }

  /** The file that is opened; empty text for the folder. */
  String opened() {
    return opened;
  }

  static NeededFiles of(HubRepository repository, WeightPrecision precision, Texts texts) {
    List<HubFile> usable = repository.files().stream()
        .filter(file -> !FOREIGN.matcher(file.name()).matches())
        .toList();
    HubAddress address = repository.address();
    Chooser chooser = new Chooser(address, usable, precision, texts);
    if (address.file().isPresent()) {
      String asked = address.file().get();
      Optional<NeededFiles> folder = chooser.component(asked + "/");
      if (folder.isPresent()) {
        return folder.get();
      }
      HubFile file = chosen(repository, usable, asked, precision);
      return new NeededFiles(Set.of(file), file.name());
    }
    if (precision != WeightPrecision.GGUF && repository.file(INDEX).isPresent()) {
      return chooser.diffusersFolder(repository.file(INDEX).get());
    }
    Optional<NeededFiles> component =
        precision == WeightPrecision.GGUF ? Optional.empty() : chooser.component("");
    if (component.isPresent()) {
      return component.get();
    }
    HubFile single = onlyOne(address, usable, precision);
    return new NeededFiles(Set.of(single), single.name());
  }

  /** Returns the file or folder of a snapshot that an address means, without asking the hub. */
  static Path openedIn(Path snapshot, HubAddress address) {
    List<HubFile> files;
    try (Stream<Path> all = Files.walk(snapshot)) {
      files = all.filter(Files::isRegularFile)
          .map(file -> new HubFile(
              snapshot.relativize(file).toString().replace('\\', '/'), 0, "", Optional.empty()))
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new InvalidInputException("cannot list " + snapshot + ": " + e.getMessage(), e);
    }
    HubRepository local = new HubRepository(
        address, snapshot.getFileName().toString(), Optional.empty(), false, files);
    if (address.file().isPresent()
        && Files.isDirectory(snapshot.resolve(address.file().get()))) {
      return snapshot.resolve(address.file().get());
    }
    if (address.file().isPresent()) {
      return snapshot.resolve(
          chosen(local, files, address.file().get(), WeightPrecision.AS_PUBLISHED)
              .name());
    }
    boolean folder = local.file(INDEX).isPresent() || local.file(CONFIG).isPresent();
    return folder
        ? snapshot
        : snapshot.resolve(onlyOne(address, files, WeightPrecision.AS_PUBLISHED).name());
  }

  private static HubFile chosen(
      HubRepository repository, List<HubFile> usable, String asked, WeightPrecision precision) {
    Optional<HubFile> whole = repository.file(asked);
    if (whole.isPresent()) {
      return whole.get();
    }
    String part = asked.toLowerCase(Locale.ROOT);
    List<HubFile> found = singleFiles(usable, precision)
        .filter(file -> file.name().toLowerCase(Locale.ROOT).contains(part))
        .toList();
    // Q4_K is a part of Q4_K_M too; a name that ends with it is meant.
    List<HubFile> exact = found.stream()
        .filter(file ->
            file.name().toLowerCase(Locale.ROOT).replaceFirst("\\.[a-z]+$", "").endsWith(part))
        .toList();
    List<HubFile> best = exact.size() == 1 ? exact : found;
    if (best.size() == 1) {
      return best.get(0);
    }
    String where = repository.address().repository();
    throw new InvalidInputException(
        best.isEmpty()
            ? where + " has no file " + Quoted.of(asked) + " in revision "
                + Quoted.of(repository.address().revision()) + "; "
                + list("its files of weights: ", singleFiles(usable, precision).toList(), where)
            : where + " has " + best.size() + " files whose names contain " + Quoted.of(asked)
                + "; " + list("give one of them: ", best, where));
  }

  private static HubFile onlyOne(
      HubAddress address, List<HubFile> usable, WeightPrecision precision) {
    List<HubFile> all = singleFiles(usable, precision).toList();
    for (Predicate<HubFile> kind : List.<Predicate<HubFile>>of(
        file -> isRoot(file) && file.name().endsWith(".safetensors"),
        file -> file.name().endsWith(".safetensors"),
        file -> file.name().endsWith(".gguf"),
        file -> true)) {
      List<HubFile> found = all.stream().filter(kind).toList();
      if (found.size() == 1) {
        return found.get(0);
      }
      if (found.size() > 1) {
        throw new InvalidInputException(address.repository() + " has " + found.size()
            + " files of weights and is no diffusers folder; "
            + list("give one of them: ", found, address.repository()));
      }
    }
    throw new InvalidInputException(address.repository() + " has no weights that can be opened"
        + (precision == WeightPrecision.AS_PUBLISHED ? "" : " in the precision " + precision.word())
        + "; expected a diffusers folder, or a safetensors, GGUF or ckpt file");
  }

  private static boolean isRoot(HubFile file) {
    return !file.name().contains("/");
  }

  private static Stream<HubFile> singleFiles(List<HubFile> files, WeightPrecision precision) {
    return files.stream()
        .filter(file -> SINGLE_FILES.stream().anyMatch(file.name()::endsWith))
        .filter(file -> precision.isNamedBy(file.name()));
  }

  private static String list(String start, List<HubFile> files, String repository) {
    return files.isEmpty()
        ? "it has no weights that can be opened"
        : start
            + files.stream()
                .limit(LISTED)
                .map(file -> repository + ":" + Quoted.value(file.name()))
                .collect(Collectors.joining(", "))
            + (files.size() > LISTED ? " and " + (files.size() - LISTED) + " more" : "");
  }

  /** Chooses the files of a folder. */
  private record Chooser(
      HubAddress address, List<HubFile> files, WeightPrecision precision, Texts texts) {
    NeededFiles diffusersFolder(HubFile index) {
      requirePrecision();
      Set<HubFile> needed = new LinkedHashSet<>();
      needed.add(index);
      files.stream().filter(file -> file.name().equals("likeness.json")).forEach(needed::add);
      inSkeleton(folder -> {
        ModelFolder model = ModelFolder.open(folder, precision.variant());
        for (String component : model.componentNames()) {
          needed.addAll(weights(folder, model.weightsFile(component)));
          needed.addAll(textsOf(component));
        }
        textFolders().forEach(name -> needed.addAll(textsOf(name)));
      });
      return new NeededFiles(needed, "");
    }

    private void requirePrecision() {
      if (precision.variant() != null
          && files.stream().noneMatch(file -> precision.isVariantOf(file.name()))) {
        String others = Stream.of(WeightPrecision.values())
            .filter(each -> files.stream().anyMatch(file -> each.isVariantOf(file.name())))
            .map(WeightPrecision::word)
            .collect(Collectors.joining(", "));
        throw new InvalidInputException(address.repository() + " has no files for the precision "
            + precision.word() + (others.isEmpty() ? "" : ", but for " + others)
            + "; leave the precision out for its plain files");
      }
    }

    /**
     * The folder of one network, such as an autoencoder or a ControlNet; empty if it is none.
     *
     * @param prefix the folder with a slash; empty text for the whole repository
     */
    Optional<NeededFiles> component(String prefix) {
      Optional<HubFile> config =
          files.stream().filter(file -> file.name().equals(prefix + CONFIG)).findFirst();
      if (config.isEmpty() || files.stream().noneMatch(file -> isWeights(prefix, file.name()))) {
        return Optional.empty();
      }
      Set<HubFile> needed = new LinkedHashSet<>(Set.of(config.get()));
      inSkeleton(folder -> needed.addAll(
          weights(folder, ModelFolder.weightsIn(folder.resolve(prefix), precision.variant()))));
      return Optional.of(new NeededFiles(needed, prefix.replaceFirst("/$", "")));
    }

    private static boolean isWeights(String prefix, String name) {
      return name.startsWith(prefix)
          && STEM.matcher(name.substring(prefix.length())).matches()
          && SINGLE_FILES.stream().anyMatch(name::endsWith);
    }

    private Set<String> textFolders() {
      return files.stream()
          .map(file -> file.name().replaceFirst("/.*", ""))
          .filter(name -> name.equals("scheduler") || name.matches("tokenizer(_\\d)?"))
          .collect(Collectors.toCollection(TreeSet::new));
    }

    private List<HubFile> textsOf(String component) {
      return files.stream()
          .filter(file -> file.name().matches(Pattern.quote(component) + "/[^/]+"))
          .filter(file -> TEXTS.stream().anyMatch(file.name()::endsWith))
          .filter(file -> !WEIGHT_INDEX.matcher(file.name()).matches())
          .toList();
    }

    /** The file of weights, or an index and the shards that it names. */
    private List<HubFile> weights(Path folder, Path file) {
      String name = folder.relativize(file).toString().replace('\\', '/');
      String inside = name.contains("/") ? name.substring(0, name.lastIndexOf('/') + 1) : "";
      List<HubFile> needed = new ArrayList<>();
      needed.add(named(name));
      if (name.endsWith(".json")) {
        shards(name).forEach(shard -> needed.add(named(inside + shard)));
      } else if (ShardedSource.isShard(file)) {
        Pattern others = Pattern.compile(
            Pattern.quote(name).replaceFirst("-\\d{5}-of-", "\\\\E-\\\\d{5}-of-\\\\Q"));
        files.stream()
            .filter(other -> others.matcher(other.name()).matches() && !needed.contains(other))
            .forEach(needed::add);
      }
      return needed;
    }

    private Set<String> shards(String index) {
      try {
        Object map = JSON.std.mapFrom(texts.read(named(index))).get("weight_map");
        if (map instanceof Map<?, ?> weights) {
          return weights.values().stream()
              .map(String::valueOf)
              .collect(Collectors.toCollection(TreeSet::new));
        }
      } catch (IOException e) {
        // Told below.
      }
      throw new InvalidInputException(address.repository() + ":" + index
          + " is no index of shards; choose another revision or repository");
    }

    private HubFile named(String name) {
      return files.stream()
          .filter(file -> file.name().equals(name))
          .findFirst()
          .orElseThrow(() -> new InvalidInputException(address.repository()
              + " names the file " + Quoted.of(name)
              + ", which it does not have; choose another revision or repository"));
    }

    private void inSkeleton(Consumer<Path> work) {
      try {
        Path folder = TemporaryFiles.createFolder();
        try {
          for (HubFile file : files) {
            Path path = folder.resolve(file.name());
            Files.createDirectories(path.getParent());
            Files.writeString(
                path, file.name().equals(INDEX) ? texts.read(file) : "", StandardCharsets.UTF_8);
          }
          work.accept(folder);
        } catch (InvalidInputException e) {
          throw new InvalidInputException(
              e.getMessage().replace(folder.toString(), address.repository()), e);
        } finally {
          TemporaryFiles.delete(folder);
        }
      } catch (IOException e) {
        throw new ResourceLimitException(
            "cannot write temporary files: " + Quoted.reason(e)
                + "; make room on the disk, or set -Djava.io.tmpdir",
            e);
      }
    }
  }
}
