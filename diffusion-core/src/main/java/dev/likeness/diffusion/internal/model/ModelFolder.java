package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.RepositoryFolder;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.text.T5Tokenizer;
import dev.likeness.diffusion.internal.text.TokenizerFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** A diffusers folder: {@code model_index.json} and one subfolder per component. */
public final class ModelFolder implements ModelComponents {
  private static final List<String> NETWORKS =
      List.of("text_encoder", "text_encoder_2", "text_encoder_3", "unet", "transformer", "vae");
  /**
   * Components that are not used: checkers, and encoders of image prompts, which adapters bring
   * themselves.
   */
  private static final Set<String> IGNORED =
      Set.of("scheduler", "safety_checker", "feature_extractor", "image_encoder");

  private static final List<String> LIBRARIES = List.of("diffusers", "transformers");

  private final Path root;
  private final String name;
  private final ModelConfig index;
  private final String variant;

  private ModelFolder(Path root, String name, ModelConfig index, String variant) {
    this.root = root;
    this.name = name;
    this.index = index;
    this.variant = variant;
  }

  /**
   * Opens a folder without reading weights. A folder of the Hugging Face cache stands for its
   * snapshot.
   *
   * @throws InvalidInputException if it is not such a folder
   */
  public static ModelFolder open(Path root) {
    return open(root, null);
  }

  /**
   * Opens a folder with a variant of its weights, for example {@code fp16}. Networks without the
   * variant use plain weights; null prefers plain weights.
   *
   * @throws InvalidInputException if it is not such a folder, or no network has the variant
   */
  public static ModelFolder open(Path root, String variant) {
    if (!Files.isDirectory(root)) {
      throw new InvalidInputException(
          root + " is not a folder; give the folder that contains model_index.json");
    }
    Path folder = RepositoryFolder.HubCache.snapshot(root);
    ModelFolder opened = new ModelFolder(
        folder,
        RepositoryFolder.HubCache.name(root),
        ModelConfig.read(folder.resolve("model_index.json")),
        variant);
    Set<String> networks = opened.componentNames();
    if (variant != null
        && networks.stream()
            .noneMatch(name -> new ComponentFolder(opened.component(name), variant).hasVariant())) {
      throw new InvalidInputException(root + " has no weights of variant " + variant + " in any of "
          + networks + "; give a variant that the folder has, or leave the variant out");
    }
    return opened;
  }

  public Path root() {
    return root;
  }

  @Override
  public String describe() {
    return root.toString();
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public Optional<Path> folder() {
    return Optional.of(root);
  }

  @Override
  public String pipeline() {
    return Quoted.value(index.text("_class_name", "unknown"));
  }

  // SDXL's pipelines default to true.
  @Override
  public boolean option(String name) {
    return index.flag(name, name.equals("force_zeros_for_empty_prompt"));
  }

  @Override
  public Set<String> componentNames() {
    Set<String> names = new LinkedHashSet<>(NETWORKS);
    names.removeIf(name -> componentClass(name) == null);
    return names;
  }

  @Override
  public Map<String, String> otherNetworks() {
    Map<String, String> others = new LinkedHashMap<>();
    for (String entry : index.values().keySet()) {
      boolean known =
          NETWORKS.contains(entry) || IGNORED.contains(entry) || entry.startsWith("tokenizer");
      if (!known && componentClass(entry) != null && isNetwork(entry)) {
        others.put(entry, componentClass(entry));
      }
    }
    return others;
  }

  // Diffusers ignores entries of unknown libraries; an entry of a known library may be missing.
  private boolean isNetwork(String entry) {
    return index.values().get(entry) instanceof List<?> pair
            && LIBRARIES.contains(String.valueOf(pair.get(0)))
        || RepositoryFolder.isPlain(entry) && ModelFile.exists(component(entry));
  }

  @Override
  public String componentClass(String component) {
    Object value = index.values().get(component);
    return value instanceof List<?> pair && pair.size() == 2 && pair.get(1) != null
        ? Quoted.value(pair.get(1))
        : null;
  }

  /** The subfolder of a component. */
  public Path component(String name) {
    return root.resolve(name);
  }

  @Override
  public ModelConfig config(String component) {
    return ModelConfig.read(checked(component).resolve("config.json"));
  }

  // The index determines the class, as in diffusers, which converts a config of another class.
  @Override
  public ModelConfig scheduler() {
    ModelConfig config = ModelConfig.read(checked("scheduler").resolve("scheduler_config.json"));
    String named = componentClass("scheduler");
    if (named == null) {
      return config;
    }
    Map<String, Object> options = new LinkedHashMap<>(config.values());
    options.put("_class_name", named);
    return ModelConfig.of(options, config.source());
  }

  @Override
  public TokenizerFiles tokenizerFiles(String tokenizer) {
    return TokenizerFiles.read(checked(tokenizer));
  }

  @Override
  public T5Tokenizer t5Tokenizer(String tokenizer) {
    return T5Tokenizer.open(checked(tokenizer), componentClass(tokenizer));
  }

  @Override
  public TensorSource weights(String component) {
    return ComponentFolder.LegacyKeys.canonical(
        componentClass(component),
        component,
        new ComponentFolder(checked(component), variant).open());
  }

  /** The file, or the index of shards, of a component's weights. */
  public Path weightsFile(String component) {
    return new ComponentFolder(checked(component), variant).weights();
  }

  /**
   * Returns the file, or the index of shards, of a network's own folder.
   *
   * @param variant the preferred variant, or null for the plain files or else those of another one
   * @throws InvalidInputException if there are no weights
   */
  public static Path weightsIn(Path folder, String variant) {
    return new ComponentFolder(folder, variant).weights();
  }

  private Path checked(String component) {
    return ModelFile.exists(component(component))
        ? RepositoryFolder.of(root).resolve(component, root.resolve("model_index.json"))
        : component(component);
  }

  @Override
  public ModelComponents with(String other, Path from) {
    return ReplacedComponent.in(this, other, from);
  }
}
