package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.ModelFile;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.memory.Calibration;
import dev.likeness.diffusion.internal.memory.Calibration.LayerInputs;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.memory.WeightResidence;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.internal.text.T5Tokenizer;
import dev.likeness.diffusion.internal.text.TokenizerFiles;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.Prediction;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The components of a base model in a folder or file. Components have diffusers' names:
 * {@code unet}, {@code vae}, {@code text_encoder}, {@code text_encoder_2}, {@code tokenizer},
 * {@code tokenizer_2}.
 */
public interface ModelComponents {
  /** The file or folder of the model, for messages. */
  String describe();

  /** The name of the model in records: the last part of the path that it was opened from. */
  String name();

  /**
   * The folder of the model, which may have other files beside its networks; empty for a single
   * file.
   */
  default Optional<Path> folder() {
    return Optional.empty();
  }

  /** The model's pipeline class in diffusers, for example {@code StableDiffusionXLPipeline}. */
  String pipeline();

  /**
   * An option of the pipeline, for example {@code force_zeros_for_empty_prompt}; diffusers' default
   * if it is absent.
   */
  boolean option(String name);

  /** The components that are networks; not the scheduler and tokenizers. */
  Set<String> componentNames();

  /**
   * The networks that the model names in addition to {@link #componentNames()} and that change the
   * images of its pipeline, with their classes.
   */
  default Map<String, String> otherNetworks() {
    return Map.of();
  }

  /** The class of a component, e.g. {@code AutoencoderKL}; null if the model has none. */
  String componentClass(String component);

  /** A component's configuration. */
  ModelConfig config(String component);

  /** The scheduler's configuration. */
  ModelConfig scheduler();

  /**
   * A component's tensors under their canonical names, those of the published diffusers folders.
   * The caller closes them.
   *
   * @throws InvalidInputException if they are missing or broken
   */
  TensorSource weights(String component);

  /**
   * The variant whose built-in configuration completes components from other files; empty if the
   * model's own configuration does.
   */
  default Optional<Variant> variant() {
    return Optional.empty();
  }

  /** Returns how a component's tensors are kept in memory. */
  default WeightResidence residence(String component) {
    return WeightResidence.MAPPED;
  }

  /** Returns true if the autoencoder works in strips at any size. */
  default boolean isVaeTiled() {
    return false;
  }

  /**
   * A component's tensors, kept in memory as {@link #residence} says. The caller closes them.
   *
   * @param blocks the blocks of its network
   */
  default LoadedWeights load(String component, Compute compute, BlockNames blocks) {
    return new LoadedWeights(
        () -> weights(component), compute, residence(component), blocks, layerInputs(component));
  }

  /** Returns the file with the calibration of products in 8 bits; empty if the model has none. */
  default Optional<Path> calibration() {
    return folder().map(own -> own.resolve(Calibration.FILE)).filter(ModelFile::exists);
  }

  /** Returns what is known, or to be found out, about the inputs of a component's layers. */
  default LayerInputs layerInputs(String component) {
    return LayerInputs.NONE;
  }

  /** The files of the tokenizer called {@code tokenizer} or {@code tokenizer_2}. */
  TokenizerFiles tokenizerFiles(String tokenizer);

  /** A tokenizer. The caller closes it. */
  default ClipTokenizer tokenizer(String tokenizer) {
    return ClipTokenizer.of(tokenizerFiles(tokenizer));
  }

  /**
   * T5's tokenizer. The caller closes it.
   *
   * @throws InvalidInputException if the model has none
   */
  default T5Tokenizer t5Tokenizer(String tokenizer) {
    throw new InvalidInputException(describe()
        + " has no tokenizer for its T5 encoder; put tokenizer.json or spiece.model beside the"
        + " encoder's files, and add their folder with --part "
        + tokenizer.replace("tokenizer", "text_encoder") + "=DIR or ModelFiles.with");
  }

  /** Facts about the files that each generation reports, such as averaged weights. */
  default List<String> notices() {
    return List.of();
  }

  /** What an error says about a component that the model lacks, for example a damaged one. */
  default String missingHint(String component) {
    return "";
  }

  /** This model with a component from another folder or file, in any key format. */
  ModelComponents with(String component, Path files);

  /** Checks that a component's class is one of {@code known}. */
  default void requireClass(String component, String... known) {
    String name = componentClass(component);
    if (name == null || !List.of(known).contains(name)) {
      throw new InvalidInputException(describe()
          + (name == null
              ? " has no " + component + missingHint(component) + "; add it with --part "
                  + component + "=PATH or ModelFiles.with"
              : ": its " + component + " is a " + Quoted.value(name))
          + "; supported: " + String.join(", ", known));
    }
  }

  /** Refuses a model with networks of unsupported pipelines. */
  default void requireNoOtherNetworks() {
    otherNetworks().entrySet().stream().findFirst().ifPresent(other -> {
      throw new InvalidInputException(describe() + ": its " + Quoted.value(other.getKey()) + " ("
          + Quoted.value(other.getValue()) + ") belongs to a pipeline that is not supported;"
          + " give a folder of the base alone, and give a ControlNet separately");
    });
  }

  /**
   * A model whose network predicts something else than its files say.
   *
   * @param base the model as its files describe it
   * @param prediction the prediction
   */
  record Predicting(ModelComponents base, Prediction prediction) implements Derived {
    private static final Map<Prediction, String> NAMES = Map.of(
        Prediction.EPSILON, "epsilon", Prediction.V, "v_prediction", Prediction.SAMPLE, "sample");

    /**
     * Checks that the prediction can be replaced.
     *
     * @throws InvalidInputException if the model predicts flow
     */
    public Predicting {
      if (base.componentClass("unet") == null) {
        throw new InvalidInputException(base.describe()
            + " has no UNet, so its prediction type cannot be replaced; leave the prediction type"
            + " out");
      }
    }

    @Override
    public ModelConfig scheduler() {
      ModelConfig own = base.scheduler();
      Map<String, Object> options = new LinkedHashMap<>(own.values());
      options.put("prediction_type", NAMES.get(prediction));
      return ModelConfig.of(options, own.source());
    }

    @Override
    public ModelComponents with(String component, Path files) {
      return new Predicting(base.with(component, files), prediction);
    }
  }

  /**
   * A model with a calibration from another place.
   *
   * @param base the model
   * @param calibration the file
   */
  record Calibrated(ModelComponents base, Optional<Path> calibration) implements Derived {
    @Override
    public ModelComponents with(String component, Path files) {
      return new Calibrated(base.with(component, files), calibration);
    }
  }

  /** A model that overrides some methods of another model and delegates the others to it. */
  interface Derived extends ModelComponents {
    /** The other model. */
    ModelComponents base();

    @Override
    default String describe() {
      return base().describe();
    }

    @Override
    default String name() {
      return base().name();
    }

    @Override
    default Optional<Path> folder() {
      return base().folder();
    }

    @Override
    default String pipeline() {
      return base().pipeline();
    }

    @Override
    default boolean option(String name) {
      return base().option(name);
    }

    @Override
    default Set<String> componentNames() {
      return base().componentNames();
    }

    @Override
    default Map<String, String> otherNetworks() {
      return base().otherNetworks();
    }

    @Override
    default String componentClass(String component) {
      return base().componentClass(component);
    }

    @Override
    default ModelConfig config(String component) {
      return base().config(component);
    }

    @Override
    default ModelConfig scheduler() {
      return base().scheduler();
    }

    @Override
    default TensorSource weights(String component) {
      return base().weights(component);
    }

    @Override
    default Optional<Variant> variant() {
      return base().variant();
    }

    @Override
    default WeightResidence residence(String component) {
      return base().residence(component);
    }

    @Override
    default Optional<Path> calibration() {
      return base().calibration();
    }

    @Override
    default LayerInputs layerInputs(String component) {
      return base().layerInputs(component);
    }

    @Override
    default boolean isVaeTiled() {
      return base().isVaeTiled();
    }

    @Override
    default TokenizerFiles tokenizerFiles(String tokenizer) {
      return base().tokenizerFiles(tokenizer);
    }

    @Override
    default String missingHint(String component) {
      return base().missingHint(component);
    }

    @Override
    default List<String> notices() {
      return base().notices();
    }

    @Override
    default T5Tokenizer t5Tokenizer(String tokenizer) {
      return base().t5Tokenizer(tokenizer);
    }
  }
}
