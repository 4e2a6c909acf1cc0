package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A key of a LoRA file, read.
 *
 * @param path the layer's path in its part; its dots may be underscores
 */
record FactorKey(Part part, String path, Role role, LoraDialect dialect) {
  private static final Map<String, Part> PREFIXES = new LinkedHashMap<>();

  static {
    PREFIXES.put("lora_unet_", Part.UNET);
    PREFIXES.put("lora_te_", Part.TEXT_ENCODER);
    PREFIXES.put("lora_te1_", Part.TEXT_ENCODER);
    PREFIXES.put("lora_te2_", Part.TEXT_ENCODER_2);
    PREFIXES.put("unet.", Part.UNET);
    PREFIXES.put("text_encoder.", Part.TEXT_ENCODER);
    PREFIXES.put("text_encoder_2.", Part.TEXT_ENCODER_2);
  }

  /** Reads a key, if it is one of a low-rank pair's; a path without a part's prefix is the UNet's. */
  static Optional<FactorKey> parse(String key) {
    return Role.cut(key).map(cut -> {
      String stem = cut.stem().replace("base_model.model.", "").replace(".processor.", ".");
      for (Map.Entry<String, Part> prefix : PREFIXES.entrySet()) {
        if (stem.startsWith(prefix.getKey())) {
          return new FactorKey(prefix.getValue(), stem.substring(prefix.getKey().length()), cut.role(), cut.dialect());
        }
      }
      return new FactorKey(Part.UNET, stem, cut.role(), cut.dialect());
    });
  }
}
