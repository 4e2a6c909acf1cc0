package dev.likeness.diffusion.internal.model;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.CheckpointHeader;
import dev.likeness.diffusion.internal.family.ComponentDetector;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.Leftovers;
import dev.likeness.diffusion.internal.file.MissingName;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.Calibration;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.internal.text.TokenizerFiles;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A whole model in one file ({@code .safetensors}, {@code .ckpt}), in the names of latent
 * diffusion's or Stability AI's code. Its family is detected from names and shapes. Configuration
 * and tokenizer are built in, or in the header if {@link SingleFileWriter} wrote it. A
 * {@code .yaml} of latent diffusion beside the file tells what the network predicts. Nothing is
 * downloaded. EMA copies of the weights are used only if the file lacks the weights themselves.
 */
public final class SingleFile implements ModelComponents {
  static final String CONFIG = "likeness.config.";
  static final String TOKENIZER = "likeness.tokenizer.";
  private static final Pattern PARAMETERIZATION =
      Pattern.compile("(?m)^[ \\t]*parameterization[ \\t]*:[ \\t]*[\"']?(v|eps|x0)\\b");

  private final Path file;
  private final TensorNames keys;
  private final Map<String, String> metadata;
  private final String parameterization;
  private final Variant variant;
  private final Variant.Contents contents;

  private SingleFile(Path file, TensorNames keys, Map<String, Map<String, Object>> better) {
    this.file = file;
    this.keys = FamilyRegistry.AveragedNames.usable(keys);
    this.metadata = TensorFileFormat.metadata(keys);
    this.parameterization = parameterization(file);
    this.variant = FamilyRegistry.variant(keys);
    Map<String, Map<String, Object>> configs = configs();
    configs.putAll(better);
    this.contents = contents(this.keys, configs);
  }

  private Variant.Contents contents(TensorNames names, Map<String, Map<String, Object>> configs) {
    CheckpointHeader header = new CheckpointHeader(
        names,
        metadata,
        name -> TensorFileFormat.numbers(file, stored(name)),
        Optional.ofNullable(parameterization));
    return variant.contents(header, configs);
  }

  /**
   * Opens a file without reading weights, except for a few values that identify Playground v2.5 and
   * the prediction type of SD 2.x.
   *
   * @throws InvalidInputException if it is broken, or its family is not known
   */
  public static SingleFile open(Path file) {
    return open(file, Map.of());
  }

  /** Opens a file with configurations that replace detected ones. */
  static SingleFile open(Path file, Map<String, Map<String, Object>> configs) {
    return new SingleFile(file, TensorFileFormat.list(file), configs);
  }

  /**
   * Reads what the network predicts from the file of latent diffusion's code beside a checkpoint:
   * {@code model.yaml} beside {@code model.safetensors}, with a line {@code parameterization: "v"}.
   */
  private static String parameterization(Path file) {
    String stem = file.getFileName().toString().replaceFirst("\\.\\w+$", "");
    for (String end : List.of(".yaml", ".yml")) {
      Path beside = file.resolveSibling(stem + end);
      if (!beside.equals(file) && ModelFile.exists(beside)) {
        Matcher line = PARAMETERIZATION.matcher(
            new String(ModelFile.read(beside, ModelFile.LARGEST_CONFIG), StandardCharsets.UTF_8));
        return line.find() ? line.group(1) : null;
      }
    }
    return null;
  }

  private Map<String, Map<String, Object>> configs() {
    Map<String, Map<String, Object>> configs = new LinkedHashMap<>();
    for (Map.Entry<String, String> entry : metadata.entrySet()) {
      if (entry.getKey().startsWith(CONFIG)) {
        configs.put(
            entry.getKey().substring(CONFIG.length()),
            ModelFile.object(
                entry.getValue(), file + ": the metadata " + Quoted.of(entry.getKey())));
      }
    }
    return configs;
  }

  @Override
  public Optional<Variant> variant() {
    return Optional.of(variant);
  }

  /** The text metadata of the file. */
  Map<String, String> metadata() {
    return Collections.unmodifiableMap(metadata);
  }

  /** The networks in the file, by component. */
  public Map<String, ComponentDetector.Detected> components() {
    return Collections.unmodifiableMap(contents.components());
  }

  /** Returns true if the network's weights are averaged (EMA) weights, because it has no others. */
  public boolean usesAverages() {
    return keys instanceof FamilyRegistry.AveragedNames;
  }

  // The name of a tensor in the file.
  private String stored(String name) {
    return keys instanceof FamilyRegistry.AveragedNames averages
        ? averages.original().get(name)
        : name;
  }

  @Override
  public Optional<Path> calibration() {
    return Optional.of(Calibration.beside(file)).filter(ModelFile::exists);
  }

  @Override
  public List<String> notices() {
    return Stream.concat(
            usesAverages() ? Stream.of(averagesNotice(file)) : Stream.empty(),
            leftovers().notices().stream())
        .toList();
  }

  @Override
  public String missingHint(String component) {
    return MissingName.hint(
        keys, names -> contents(names, configs()).components().containsKey(component));
  }

  private Leftovers leftovers() {
    return new Leftovers(
        keys,
        contents.components().values().stream()
            .map(ComponentDetector.Detected::layout)
            .toList());
  }

  /** The notice that a file's averaged weights are used. */
  static String averagesNotice(Path file) {
    return file + " has averaged (EMA) weights only, so these are used";
  }

  /** The foreign names of the file's tensors and their shapes. */
  public TensorNames keys() {
    return keys;
  }

  /** The networks of the family that this file lacks. */
  public List<String> missingComponents() {
    return variant.components().stream()
        .filter(part -> !contents.components().containsKey(part))
        .toList();
  }

  /**
   * The numbers of unused tensors: EMA copies of the weights, others that are known to change no
   * image, and unknown ones.
   */
  public Map<String, Integer> unusedTensors() {
    Map<String, Integer> extra = new LinkedHashMap<>();
    keys.names().stream()
        .filter(name -> !isUsed(name))
        .forEach(name -> extra.merge(
            name.startsWith(SingleFileWriter.UnusedTensors.AVERAGED) ? "ema" : "other",
            1,
            Integer::sum));
    int unknown = leftovers().count();
    if (unknown > 0) {
      extra.put("unknown", unknown);
      extra.computeIfPresent("other", (key, all) -> all > unknown ? all - unknown : null);
    }
    return extra;
  }

  /**
   * Returns true if the file's metadata or keys give the prediction type, instead of its weights or
   * its family.
   */
  public boolean declaresPrediction() {
    return metadata.containsKey(CONFIG + "scheduler")
        || contents.prediction() == Variant.Certainty.DECLARED;
  }

  /** Returns true if the prediction type is inferred from the weights, as for SD 2.x. */
  public boolean infersPrediction() {
    return !declaresPrediction() && contents.prediction() == Variant.Certainty.INFERRED;
  }

  /** Returns true if a network of the file uses its tensor {@code name}. */
  boolean isUsed(String name) {
    return contents.components().values().stream()
        .anyMatch(component -> component.layout().uses(name));
  }

  @Override
  public String describe() {
    return file.toString();
  }

  @Override
  public String name() {
    return file.getFileName().toString();
  }

  @Override
  public String pipeline() {
    return variant.pipeline(keys);
  }

  @Override
  public boolean option(String name) {
    return configs().containsKey("model_index")
        ? Boolean.TRUE.equals(configs().get("model_index").get(name))
        : variant.option(name);
  }

  @Override
  public Set<String> componentNames() {
    return contents.components().keySet();
  }

  @Override
  public String componentClass(String component) {
    return contents.components().containsKey(component)
        ? contents.components().get(component).className()
        : null;
  }

  @Override
  public ModelConfig config(String component) {
    return component(component).config();
  }

  @Override
  public ModelConfig scheduler() {
    Map<String, Object> known = configs().get("scheduler");
    return ModelConfig.of(known != null ? known : contents.scheduler(), file + " (scheduler)");
  }

  @Override
  public TensorSource weights(String component) {
    ComponentDetector.Detected found = component(component);
    leftovers().requireNone(found.layout());
    TensorSource source = TensorFileFormat.open(file);
    return new CanonicalTensors.CanonicalSource(
        usesAverages() ? RenamedSource.of(source, FamilyRegistry.AveragedNames::usable) : source,
        found.layout());
  }

  @Override
  public TokenizerFiles tokenizerFiles(String tokenizer) {
    Map<String, String> texts = new LinkedHashMap<>();
    for (String name : TokenizerFiles.NAMES) {
      String text = metadata.get(TOKENIZER + tokenizer + "." + name);
      if (text != null) {
        texts.put(name, text);
      }
    }
    return texts.isEmpty() ? builtIn(tokenizer) : new TokenizerFiles(file, texts);
  }

  private TokenizerFiles builtIn(String tokenizer) {
    ComponentDetector.Detected encoder =
        contents.components().get(tokenizer.replace("tokenizer", "text_encoder"));
    int words =
        encoder == null ? ClipTokenizer.CLIP_VOCABULARY : encoder.config().integer("vocab_size", 0);
    // The ids that begin and end every prompt are CLIP's last.
    if (words < ClipTokenizer.CLIP_VOCABULARY) {
      throw new InvalidInputException(file + ": its text encoder has " + words
          + " tokens, but CLIP's tokenizer has "
          + ClipTokenizer.CLIP_VOCABULARY
          + "; give a diffusers folder with its own tokenizer");
    }
    return TokenizerFiles.clip(variant.padding(tokenizer));
  }

  private ComponentDetector.Detected component(String name) {
    ComponentDetector.Detected component = contents.components().get(name);
    if (component == null) {
      throw new InvalidInputException(file + " has no " + name + missingHint(name) + ", only "
          + List.copyOf(contents.components().keySet())
          + "; add it with --part " + name + "=PATH or ModelFiles.with");
    }
    return component;
  }

  @Override
  public ModelComponents with(String other, Path from) {
    return ReplacedComponent.in(this, other, from);
  }
}
