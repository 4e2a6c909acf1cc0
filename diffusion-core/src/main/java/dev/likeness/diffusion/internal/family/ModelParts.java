package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.memory.WeightResidence;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.internal.text.T5Tokenizer;
import dev.likeness.diffusion.internal.text.TokenizerFiles;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a base model is made of, wherever it lies. Components have the names that diffusers gives
 * them: {@code unet}, {@code vae}, {@code text_encoder}, {@code text_encoder_2}, {@code tokenizer},
 * {@code tokenizer_2}.
 */
public interface ModelParts {
  /** What errors call this model: its file or folder. */
  String describe();

  /**
   * What records call this model: the last part of the path that it was opened by, whatever part of
   * it is taken from elsewhere.
   */
  String name();

  /**
   * The folder that the model lies in, where other things may lie beside its networks; empty for a
   * single file.
   */
  default Optional<Path> folder() {
    return Optional.empty();
  }

  /** The diffusers pipeline that the model is of, e.g. {@code StableDiffusionXLPipeline}. */
  String pipeline();

  /**
   * An option of the pipeline itself, e.g. {@code force_zeros_for_empty_prompt}; when unsaid, as
   * diffusers has it.
   */
  boolean option(String name);

  /** The networks that the model has, by component; a scheduler or tokenizer is none. */
  Set<String> componentNames();

  /**
   * The networks that the model names beside {@link #componentNames()} and that change what its
   * pipeline draws, with their classes.
   */
  default Map<String, String> otherNetworks() {
    return Map.of();
  }

  /** The class of a component, e.g. {@code AutoencoderKL}; null when the model has none. */
  String componentClass(String component);

  /** A component's configuration. */
  ModelConfig config(String component);

  /** The scheduler's configuration. */
  ModelConfig scheduler();

  /**
   * A component's tensors under their canonical names, those of the published diffusers folders.
   * The caller closes them.
   *
   * @throws InvalidInputException when they are missing or broken
   */
  TensorSource weights(String component);

  /**
   * The variant whose built-in configuration completes components that are taken from elsewhere;
   * empty where the model's own does.
   */
  default Optional<Variant> variant() {
    return Optional.empty();
  }

  /** How a component's tensors are to lie in memory. */
  default WeightResidence residence(String component) {
    return WeightResidence.MAPPED;
  }

  /** Whether the autoencoder is to work in strips at any size. */
  default boolean isVaeTiled() {
    return false;
  }

  /** A component's tensors, to lie in memory as planned. The caller closes them. */
  default LoadedWeights load(String component, Compute compute) {
    return new LoadedWeights(() -> weights(component), compute, residence(component));
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
   * @throws InvalidInputException when the model came without; says what to give
   */
  default T5Tokenizer t5Tokenizer(String tokenizer) {
    throw new InvalidInputException(describe()
        + " holds no tokenizer for its T5 encoder; give T5 as a folder with tokenizer.json or"
        + " spiece.model beside it: with(\"" + tokenizer.replace("tokenizer", "text_encoder")
        + "\", folder)");
  }

  /**
   * The same model with another {@code component}: a folder or a file that holds one, in any key
   * format.
   */
  ModelParts with(String component, Path files);

  /** Refuses a component of a class that is not {@code known}. */
  default void requireClass(String component, String... known) {
    String name = componentClass(component);
    if (name == null || !List.of(known).contains(name)) {
      throw new InvalidInputException(describe()
          + (name == null
              ? " has no " + component + "; give one beside it"
              : ": its " + component + " is a " + name)
          + "; supported: " + String.join(", ", known));
    }
  }

  /** Refuses a model that names networks which no family has. */
  default void requireNoOtherNetworks() {
    otherNetworks().entrySet().stream().findFirst().ifPresent(other -> {
      throw new InvalidInputException(
          describe() + ": its " + other.getKey() + " (" + other.getValue()
              + ") is of a pipeline that is"
              + " not supported; give the folder of its base alone, and a ControlNet by itself");
    });
  }

  /** A model that differs from another in some answers; all others are the other's. */
  interface Derived extends ModelParts {
    /** The other model. */
    ModelParts base();

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
    default boolean isVaeTiled() {
      return base().isVaeTiled();
    }

    @Override
    default TokenizerFiles tokenizerFiles(String tokenizer) {
      return base().tokenizerFiles(tokenizer);
    }

    @Override
    default T5Tokenizer t5Tokenizer(String tokenizer) {
      return base().t5Tokenizer(tokenizer);
    }
  }
}
