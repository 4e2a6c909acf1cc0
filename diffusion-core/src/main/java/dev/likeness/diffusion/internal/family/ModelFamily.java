package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.catalogue.BaseKind;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.vae.AutoencoderKind;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Optional;

/**
 * A family of base models, before and while a model is opened. There is one instance for each
 * family in the registry. {@link OpenModel#capabilities()} lists the capabilities of opened models.
 */
public interface ModelFamily {
  /** The short name, which is the name of the family's package: {@code flux2}. */
  String id();

  /** The denoising network, which determines the family of a folder. */
  Network network();

  /** Kinds of single files, the most specific first. */
  List<Variant> variants();

  /**
   * The variant of a model of this family; empty if its configuration does not determine it. A
   * family with one variant has no other.
   */
  default Optional<Variant> variantOf(ModelComponents components) {
    return variants().size() == 1 ? Optional.of(variants().get(0)) : Optional.empty();
  }

  /**
   * What the configuration of a model tells about the settings that suit it; empty if it does not
   * determine a variant.
   */
  default Optional<BaseKind> kind(ModelComponents components) {
    return variantOf(components)
        .map(variant -> ModelKind.ofFlow(variant, ModelKind.TEXT_TO_IMAGE, false));
  }

  /**
   * Opens a model and checks every tensor against its configuration.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if a component is missing, or has
   *     wrong shapes, unknown tensors or an unsupported class
   */
  OpenModel open(ModelComponents components, Compute compute);

  /** What the estimate of a model's memory needs to know of its networks. */
  NetworkMemory memory(ModelComponents components);

  /** Returns the file format in which a model is written. */
  default ModelFormat format(ModelComponents components) {
    return new ModelFormat() {};
  }

  /** Layer names of the denoising network in LoRA files, and the keys that identify such files. */
  LoraLayers loraLayers();

  /** The attentions that image adapters extend; empty if the family has no image adapters. */
  default Optional<AttentionSites> attentionSites() {
    return Optional.empty();
  }

  /** Classes of autoencoders that only this family has. */
  default List<AutoencoderKind> autoencoders() {
    return List.of();
  }

  /**
   * The name of a tensor of the denoising network in single files, by the same name without dots.
   * Latent diffusion's code removes the dots from the names of averaged (EMA) weights. Empty if the
   * network has no such tensor.
   */
  default Optional<String> withDots(String name) {
    return Optional.empty();
  }

  /** Kinds of ControlNets for this family. */
  default List<ControlNetKind> controlNets() {
    return List.of();
  }

  /**
   * A denoising network.
   *
   * @param component its component
   * @param className its class in diffusers
   */
  record Network(ModelComponent component, String className) {}

  /** A kind of ControlNets of a family. */
  interface ControlNetKind {
    /** Classes in diffusers. */
    List<String> classNames();

    /**
     * Returns true if it opens a class: one of {@link #classNames()}, or the authors' name of it.
     */
    default boolean supports(String className) {
      return classNames().contains(className);
    }

    /** Tensors that identify a file in diffusers' key format without its configuration. */
    List<String> signatures();

    /**
     * Detects a file in the authors' key format, with a configuration from its shapes; empty for
     * another file.
     */
    default Optional<ComponentDetector.Detected> detect(String fileName, TensorNames names) {
      return Optional.empty();
    }

    /** Opens a ControlNet and checks its tensors, which it then owns. */
    LoadedControlNet open(String name, ModelConfig config, TensorSource tensors, Compute compute);
  }
}
