package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.family.flux.FluxFamily;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionFamily;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.List;
import java.util.Map;

/**
 * A family of single-file checkpoints: told from names and shapes alone, with the configuration
 * that such a file lacks built in. A new family is one more of these in {@link #KNOWN}.
 */
public interface ModelFamily {
  /** Every family, the most particular first. */
  List<ModelFamily> KNOWN = List.of(
      StableDiffusionFamily.REFINER,
      StableDiffusionFamily.SDXL,
      StableDiffusionFamily.SD2,
      StableDiffusionFamily.SD1,
      FluxFamily.FLUX,
      FluxFamily.SD3,
      FluxFamily.FLUX2,
      FluxFamily.Z_IMAGE);

  /** Families that are known and not supported, by a tensor that only they have. */
  Map<String, String> UNSUPPORTED =
      Map.of("layers.0.adaLN_modulation.1.weight", "Lumina 2", "edm_vpred.sigma_max", "CosXL");

  /** What {@code inspect} calls it: {@code sd1}, {@code sdxl-refiner}. */
  String name();

  /** Whether a file with these tensors holds the family's denoising network. */
  boolean recognises(TensorNames keys);

  /** The diffusers pipeline for such a file. */
  String pipeline(TensorNames keys);

  /** An option of the pipeline itself. */
  boolean option(String name);

  /** The scheduler that the family was trained for. */
  Map<String, Object> scheduler(TensorNames keys);

  /**
   * The networks in the file by their component's names.
   *
   * @param configs configurations that are known better than by shapes, by component
   */
  Map<String, ComponentDetector.Detected> components(
      TensorNames keys, Map<String, Map<String, Object>> configs);

  /** The networks that a whole model of the family has. */
  List<String> parts();

  /**
   * The options of a component that names and shapes do not tell, those of {@code better} first.
   */
  Map<String, Object> facts(String component, Map<String, Object> better);

  /** Whether the text encoder {@code component} is of the class that projects. */
  boolean projects(String component);

  /** The padding token of a text encoder's tokenizer. */
  String padding(String tokenizer);

  /**
   * The family that recognises the tensors.
   *
   * @throws InvalidInputException when none does
   */
  static ModelFamily of(TensorNames keys) {
    UNSUPPORTED.forEach((tensor, family) -> {
      if (keys.has(tensor) || keys.has("model.diffusion_model." + tensor)) {
        throw new InvalidInputException(keys.describe() + " is of the family " + family
            + ", which is not supported; give a" + " checkpoint of " + names());
      }
    });
    return KNOWN.stream()
        .filter(family -> family.recognises(keys))
        .findFirst()
        .orElseThrow(() -> new InvalidInputException(
            keys.describe() + " is no base model of a known family: it has "
                + keys.names().size() + " tensors, none of them "
                + "model.diffusion_model.input_blocks.0.0.weight; give a checkpoint of "
                + names() + ", or a diffusers folder"));
  }

  private static String names() {
    return String.join(", ", KNOWN.stream().map(ModelFamily::name).toList());
  }
}
