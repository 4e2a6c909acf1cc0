package dev.likeness.cli.inspect;

import dev.likeness.diffusion.internal.family.Variant;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.lora.internal.file.LoraFamilyDetector;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Detects the model family that a file belongs to or fits, from its tensor names or the width of
 * its text conditioning.
 */
public final class Family {
  public static final String UNKNOWN = LoraFamilyDetector.UNKNOWN;

  private Family() {}

  public static String of(FileKind kind, TensorNames tensors) {
    Optional<String> known = FamilyRegistry.findVariant(tensors).map(Variant::name);
    if (known.isPresent()) {
      return known.get();
    }
    if (kind == FileKind.LORA) {
      return ofLora(tensors).get(0);
    }
    return LoraFamilyDetector.byNames(tensors).orElseGet(() -> switch (kind) {
      case IP_ADAPTER -> byInputs(tensors, "to_k_ip");
      case BASE, UNET, CONTROLNET -> byInputs(tensors, "attn2.to_k.weight");
      case TEXTUAL_INVERSION -> byEmbedding(tensors);
      default -> UNKNOWN;
    });
  }

  /**
   * Returns the families that a LoRA may be for, most likely first. Some families share all layer
   * names.
   */
  static List<String> ofLora(TensorNames tensors) {
    return LoraFamilyDetector.candidates(
        tensors, tensors instanceof SafetensorsHeader header ? header.metadata() : Map.of());
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
      return LoraFamilyDetector.twoClipKind();
    }
    long[] shape = tensors.shape(tensors.names().iterator().next());
    return shape.length == 0 ? UNKNOWN : byWidth(shape[shape.length - 1]);
  }

  private static String byWidth(long width) {
    return LoraFamilyDetector.byTextWidth(width).orElse(UNKNOWN);
  }
}
