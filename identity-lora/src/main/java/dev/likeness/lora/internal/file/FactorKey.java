package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.Part;
import dev.likeness.lora.file.LoraDialect;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * A key of a LoRA file, read.
 *
 * @param part whose layer it is, or null where nothing before the path says it
 * @param path the layer's path in its part; its dots may be underscores
 * @param dialect how it is spelled
 */
record FactorKey(Part part, String path, Role role, LoraDialect dialect) {
  private record Prefix(Part part, LoraDialect dialect) {}

  private static final Map<String, Prefix> PREFIXES = new LinkedHashMap<>();

  static {
    put("lora_unet_", Part.UNET, LoraDialect.KOHYA);
    put("lora_te_", Part.TEXT_ENCODER, LoraDialect.KOHYA);
    put("lora_te1_", Part.TEXT_ENCODER, LoraDialect.KOHYA);
    put("lora_te2_", Part.TEXT_ENCODER_2, LoraDialect.KOHYA);
    put("lora_te3_", Part.TEXT_ENCODER_3, LoraDialect.KOHYA);
    put("lora_transformer_", Part.TRANSFORMER, LoraDialect.KOHYA);
    put("oft_unet_", Part.UNET, LoraDialect.KOHYA);
    put("lycoris_text_encoder_2_", Part.TEXT_ENCODER_2, LoraDialect.KOHYA);
    put("lycoris_text_encoder_", Part.TEXT_ENCODER, LoraDialect.KOHYA);
    put("lycoris_text_model_", Part.TEXT_ENCODER, LoraDialect.KOHYA);
    put("lycoris_unet_", Part.UNET, LoraDialect.KOHYA);
    put("lycoris_", Part.UNET, LoraDialect.KOHYA);
    put("model.diffusion_model.", Part.UNET, LoraDialect.COMFY);
    put("diffusion_model.", Part.UNET, LoraDialect.COMFY);
    put("text_encoders.clip_l.transformer.", Part.TEXT_ENCODER, LoraDialect.COMFY);
    put("text_encoders.clip_l.", Part.TEXT_ENCODER, LoraDialect.COMFY);
    put("text_encoders.clip_g.transformer.", Part.TEXT_ENCODER_2, LoraDialect.COMFY);
    put("text_encoders.clip_g.", Part.TEXT_ENCODER_2, LoraDialect.COMFY);
    put("text_encoders.t5xxl.transformer.", Part.TEXT_ENCODER_3, LoraDialect.COMFY);
    put("text_encoders.t5xxl.", Part.TEXT_ENCODER_3, LoraDialect.COMFY);
    put("clip_l.", Part.TEXT_ENCODER, LoraDialect.COMFY);
    put("clip_g.", Part.TEXT_ENCODER_2, LoraDialect.COMFY);
    put("t5.", Part.TEXT_ENCODER_3, LoraDialect.COMFY);
    put("unet.", Part.UNET, LoraDialect.PEFT);
    put("text_encoder.", Part.TEXT_ENCODER, LoraDialect.PEFT);
    put("text_encoder_2.", Part.TEXT_ENCODER_2, LoraDialect.PEFT);
    put("text_encoder_3.", Part.TEXT_ENCODER_3, LoraDialect.PEFT);
    put("transformer.", Part.TRANSFORMER, LoraDialect.PEFT);
  }

  private static void put(String prefix, Part part, LoraDialect dialect) {
    PREFIXES.put(prefix, new Prefix(part, dialect));
  }

  /** Reads a key, if it is one of a layer's change. */
  static Optional<FactorKey> parse(String key) {
    return Role.cut(key).map(cut -> {
      String stem = cut.stem().replace("base_model.model.", "").replace(".processor.", ".");
      for (Map.Entry<String, Prefix> prefix : PREFIXES.entrySet()) {
        if (stem.startsWith(prefix.getKey())) {
          Prefix said = prefix.getValue();
          String path = stem.substring(prefix.getKey().length());
          return new FactorKey(said.part, path, cut.role(), spelling(cut.dialect(), said.dialect));
        }
      }
      return new FactorKey(
          null, stem, cut.role(), cut.dialect() == null ? LoraDialect.PEFT : cut.dialect());
    });
  }

  // Where the prefix is peculiar to a program it says more than the factor's ending does.
  private static LoraDialect spelling(LoraDialect ending, LoraDialect prefix) {
    return ending == null || prefix != LoraDialect.PEFT ? prefix : ending;
  }
}
