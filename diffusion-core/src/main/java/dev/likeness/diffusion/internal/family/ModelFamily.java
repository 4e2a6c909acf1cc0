package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.memory.MemoryEstimate;
import dev.likeness.diffusion.internal.vae.AutoencoderKind;
import dev.likeness.diffusion.tensor.Compute;
import java.util.List;
import java.util.Optional;

/**
 * A family of base models: all that the rest of the library asks about it, before and while a model
 * is opened. One instance a family, registered once. What opened models can do beyond generating
 * from prompts is in {@link OpenModel#capabilities()}.
 */
public interface ModelFamily {
  /** Short name, that of the family's package: {@code flux2}. */
  String id();

  /** The denoising network, by which a folder's family is told. */
  Network network();

  /** Kinds of single files, the most particular first. */
  List<Variant> variants();

  /**
   * The variant of a model whose denoising network is the family's; empty where its configuration
   * does not tell.
   */
  Optional<Variant> variantOf(ModelParts parts);

  /**
   * Opens a model and checks every tensor against its configuration.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException when a component is missing,
   *     misshapen, left over, or of a class that is not supported
   */
  OpenModel open(ModelParts parts, Compute compute);

  /** Memory that a model takes, from its files' headers alone. */
  MemoryEstimate memory(ModelParts parts);

  /** How a model is written to files. */
  ModelFormat format(ModelParts parts);

  /**
   * Names of the denoising network's layers in LoRA files, and the signs by which such files are
   * told.
   */
  LoraLayers loraLayers();

  /**
   * Where image adapters add to the denoising network's attentions; empty where none are made for
   * the family.
   */
  default Optional<AttentionSites> attentionSites() {
    return Optional.empty();
  }

  /** Classes of autoencoders that only this family has. */
  default List<AutoencoderKind> autoencoders() {
    return List.of();
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
}
