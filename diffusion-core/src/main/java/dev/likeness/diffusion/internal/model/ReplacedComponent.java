package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.RepositoryFolder;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.text.T5Tokenizer;
import dev.likeness.diffusion.internal.text.TokenizerFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A model with one network replaced or added. A denoising network brings its scheduler, if it has
 * one.
 */
record ReplacedComponent(
    ModelComponents base, String component, ComponentFile replacement, Path path)
    implements ModelComponents.Derived {
  /**
   * Replaces a component, without reading weights. A folder of the Hugging Face cache stands for
   * its snapshot.
   */
  public static ModelComponents in(ModelComponents base, String component, Path given) {
    Path files = RepositoryFolder.HubCache.snapshot(given);
    boolean whole = Files.isDirectory(files) && Files.exists(files.resolve("model_index.json"));
    ComponentFile part = whole
        ? ComponentFile.of(ModelFolder.open(files), component)
        : ComponentFile.find(base, component, files);
    return new ReplacedComponent(base, component, part, files);
  }

  @Override
  public Set<String> componentNames() {
    Set<String> names = new LinkedHashSet<>(base.componentNames());
    names.add(component);
    return names;
  }

  @Override
  public String componentClass(String name) {
    return name.equals(component) ? replacement.className() : base.componentClass(name);
  }

  @Override
  public ModelConfig config(String name) {
    return name.equals(component) ? replacement.config() : base.config(name);
  }

  @Override
  public ModelConfig scheduler() {
    return replacement.scheduler() == null
            || haveSamePrediction(replacement.scheduler(), base.scheduler())
        ? base.scheduler()
        : replacement.scheduler();
  }

  /** Returns true if both schedulers fit the same network. Then the base's scheduler stays. */
  private static boolean haveSamePrediction(ModelConfig one, ModelConfig other) {
    return one.text("prediction_type", "epsilon").equals(other.text("prediction_type", "epsilon"))
        && Stream.of("rescale_betas_zero_snr", "use_dynamic_shifting")
            .allMatch(option -> Boolean.TRUE.equals(one.values().get(option))
                == Boolean.TRUE.equals(other.values().get(option)));
  }

  @Override
  public TensorSource weights(String name) {
    return name.equals(component) ? replacement.weights().get() : base.weights(name);
  }

  // CLIP's tokenizer is the model's own or built in. Others come with their component, or are the
  // model's own.
  @Override
  public TokenizerFiles tokenizerFiles(String tokenizer) {
    return belongs(tokenizer) && !replacement.className().startsWith("CLIP")
        ? matchingTokenizer(tokenizer, TokenizerFiles::read, base::tokenizerFiles)
        : base.tokenizerFiles(tokenizer);
  }

  @Override
  public T5Tokenizer t5Tokenizer(String tokenizer) {
    return belongs(tokenizer)
        ? matchingTokenizer(tokenizer, T5Tokenizer::open, base::t5Tokenizer)
        : base.t5Tokenizer(tokenizer);
  }

  private <T> T matchingTokenizer(
      String tokenizer, Function<Path, T> beside, Function<String, T> ofBase) {
    Path own = folder(tokenizer);
    if (hasTokenizer(own)) {
      return beside.apply(own);
    }
    if (baseHasTokenizer(tokenizer)) {
      return ofBase.apply(tokenizer);
    }
    throw new InvalidInputException(path + " has no tokenizer: " + own + " contains none, and "
        + base.folder().map(folder -> folder.resolve(tokenizer).toString()).orElse(base.describe())
        + " contains none; put tokenizer.json, spiece.model, or vocab.json with merges.txt into "
        + own);
  }

  private boolean baseHasTokenizer(String tokenizer) {
    return base.componentClass(component) != null
        && base.folder().map(folder -> hasTokenizer(folder.resolve(tokenizer))).orElse(false);
  }

  private static boolean hasTokenizer(Path folder) {
    return Stream.of("tokenizer.json", "spiece.model", "vocab.json")
        .anyMatch(name -> ModelFile.exists(folder.resolve(name)));
  }

  private boolean belongs(String tokenizer) {
    return tokenizer.equals(component.replace("text_encoder", "tokenizer"));
  }

  // In a model's folder, beside the component, or in the component's own folder.
  private Path folder(String tokenizer) {
    Path folder = Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
    return Stream.of(folder.resolve(tokenizer), folder.resolveSibling(tokenizer))
        .filter(Files::isDirectory)
        .map(ModelFile::own)
        .findFirst()
        .orElse(folder);
  }

  @Override
  public List<String> notices() {
    return Stream.of(base.notices().stream(), averagesNotice(), tokenizerNotice())
        .flatMap(all -> all)
        .toList();
  }

  private Stream<String> averagesNotice() {
    return component.equals("unet")
            && !Files.isDirectory(path)
            && FamilyRegistry.hasOnlyAverages(TensorFileFormat.list(path))
        ? Stream.of(SingleFile.averagesNotice(path))
        : Stream.empty();
  }

  // A text encoder of another vocabulary would generate images that do not follow prompts.
  private Stream<String> tokenizerNotice() {
    String tokenizer = component.replace("text_encoder", "tokenizer");
    if (!component.startsWith("text_encoder")
        || replacement.className().startsWith("CLIP")
        || hasTokenizer(folder(tokenizer))
        || !baseHasTokenizer(tokenizer)) {
      return Stream.empty();
    }
    int rows = replacement.config().integer("vocab_size", 0);
    int own = base.config(component).integer("vocab_size", 0);
    return rows == own
        ? Stream.empty()
        : Stream.of(path + " has token embeddings for " + rows + " tokens and no tokenizer; the"
            + " tokenizer of the base is used, whose text encoder has " + own
            + "; if images do not follow the prompt, put the text encoder's own tokenizer into "
            + folder(tokenizer));
  }

  @Override
  public ModelComponents with(String other, Path from) {
    return ReplacedComponent.in(this, other, from);
  }
}
