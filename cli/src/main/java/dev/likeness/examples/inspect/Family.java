package dev.likeness.examples.inspect;

import dev.likeness.cli.inspect.FileKind;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.lora.internal.file.LoraFamilyDetector;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The family of base models that a file is of or fits, told by the width of the text that its
 * attention reads.
 */
public final class Family {
  public static final String UNKNOWN = "unknown";
  private static final Map<Long, String> BY_TEXT_WIDTH =
      Map.of(768L, "sd1", 1024L, "sd2", 1280L, "sdxl-refiner", 2048L, "sdxl");
  private static final Set<String> FLUX =
      Set.of("double_blocks", "single_transformer_blocks", "single_blocks");

  private static final Set<String> FLUX2 = Set.of("stream_modulation", "to_qkv_mlp_proj");

  private Family() {}

  public static String of(FileKind kind, TensorNames tensors) {
    Optional<String> known = dev.likeness.diffusion.internal.family.ModelFamily.KNOWN.stream()
        .filter(family -> family.recognises(tensors))
        .map(dev.likeness.diffusion.internal.family.ModelFamily::name)
        .findFirst();
    if (known.isPresent()) {
      return known.get();
    }
    if (kind == FileKind.LORA) {
      return LoraFamilyDetector.of(
              tensors, tensors instanceof SafetensorsHeader header ? header.metadata() : Map.of())
          .name()
          .toLowerCase(Locale.ROOT)
          .replace('_', '-');
    }
    if (tensors.names().stream().anyMatch(name -> FLUX2.stream().anyMatch(name::contains))) {
      return "flux2";
    }
    if (tensors.names().stream()
        .anyMatch(name -> name.contains("noise_refiner") || name.contains("context_refiner"))) {
      return "z-image";
    }
    if (tensors.names().stream().anyMatch(name -> FLUX.stream().anyMatch(name::contains))) {
      return "flux";
    }
    if (tensors.names().stream().anyMatch(name -> name.contains("joint_blocks."))) {
      return "sd3";
    }
    return switch (kind) {
      case IP_ADAPTER -> byInputs(tensors, "to_k_ip");
      case BASE, UNET, CONTROLNET -> byInputs(tensors, "attn2.to_k.weight");
      case TEXTUAL_INVERSION -> byEmbedding(tensors);
      default -> UNKNOWN;
    };
  }

  private static String byInputs(TensorNames tensors, String layer) {
    return tensors.names().stream()
        .filter(name -> name.contains(layer))
        .map(tensors::shape)
        .filter(shape -> shape.length >= 2)
        .map(shape -> byWidth(shape[1]))
        .findFirst()
        .orElse(UNKNOWN);
  }

  private static String byEmbedding(TensorNames tensors) {
    if (tensors.has("clip_g")) {
      return "sdxl";
    }
    long[] shape = tensors.shape(tensors.names().iterator().next());
    return shape.length == 0 ? UNKNOWN : byWidth(shape[shape.length - 1]);
  }

  private static String byWidth(long width) {
    return BY_TEXT_WIDTH.getOrDefault(width, UNKNOWN);
  }
}
