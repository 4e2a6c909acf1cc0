package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.lora.file.KeyFormat;
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
record FactorKey(ModelComponent part, String path, LoraKey role, KeyFormat dialect) {
  private record Prefix(ModelComponent part, KeyFormat dialect) {}

  private static final Map<String, Prefix> PREFIXES = new LinkedHashMap<>();

  static {
    put("lora_unet_", ModelComponent.UNET, KeyFormat.KOHYA);
    put("lora_te_", ModelComponent.TEXT_ENCODER, KeyFormat.KOHYA);
    put("lora_te1_", ModelComponent.TEXT_ENCODER, KeyFormat.KOHYA);
    put("lora_te2_", ModelComponent.TEXT_ENCODER_2, KeyFormat.KOHYA);
    put("lora_te3_", ModelComponent.TEXT_ENCODER_3, KeyFormat.KOHYA);
    put("lora_transformer_", ModelComponent.TRANSFORMER, KeyFormat.KOHYA);
    put("oft_unet_", ModelComponent.UNET, KeyFormat.KOHYA);
    put("lycoris_text_encoder_2_", ModelComponent.TEXT_ENCODER_2, KeyFormat.KOHYA);
    put("lycoris_text_encoder_", ModelComponent.TEXT_ENCODER, KeyFormat.KOHYA);
    put("lycoris_text_model_", ModelComponent.TEXT_ENCODER, KeyFormat.KOHYA);
    put("lycoris_unet_", ModelComponent.UNET, KeyFormat.KOHYA);
    put("lycoris_", ModelComponent.UNET, KeyFormat.KOHYA);
    put("model.diffusion_model.", ModelComponent.UNET, KeyFormat.COMFY);
    put("diffusion_model.", ModelComponent.UNET, KeyFormat.COMFY);
    put("text_encoders.clip_l.transformer.", ModelComponent.TEXT_ENCODER, KeyFormat.COMFY);
    put("text_encoders.clip_l.", ModelComponent.TEXT_ENCODER, KeyFormat.COMFY);
    put("text_encoders.clip_g.transformer.", ModelComponent.TEXT_ENCODER_2, KeyFormat.COMFY);
    put("text_encoders.clip_g.", ModelComponent.TEXT_ENCODER_2, KeyFormat.COMFY);
    put("text_encoders.t5xxl.transformer.", ModelComponent.TEXT_ENCODER_3, KeyFormat.COMFY);
    put("text_encoders.t5xxl.", ModelComponent.TEXT_ENCODER_3, KeyFormat.COMFY);
    put("clip_l.", ModelComponent.TEXT_ENCODER, KeyFormat.COMFY);
    put("clip_g.", ModelComponent.TEXT_ENCODER_2, KeyFormat.COMFY);
    put("t5.", ModelComponent.TEXT_ENCODER_3, KeyFormat.COMFY);
    put("unet.", ModelComponent.UNET, KeyFormat.PEFT);
    put("text_encoder.", ModelComponent.TEXT_ENCODER, KeyFormat.PEFT);
    put("text_encoder_2.", ModelComponent.TEXT_ENCODER_2, KeyFormat.PEFT);
    put("text_encoder_3.", ModelComponent.TEXT_ENCODER_3, KeyFormat.PEFT);
    put("transformer.", ModelComponent.TRANSFORMER, KeyFormat.PEFT);
  }

  private static void put(String prefix, ModelComponent part, KeyFormat dialect) {
    PREFIXES.put(prefix, new Prefix(part, dialect));
  }

  /** Reads a key, if it is one of a layer's change. */
  static Optional<FactorKey> parse(String key) {
    return LoraKey.cut(key).map(cut -> {
      String stem = cut.stem().replace("base_model.model.", "").replace(".processor.", ".");
      for (Map.Entry<String, Prefix> prefix : PREFIXES.entrySet()) {
        if (stem.startsWith(prefix.getKey())) {
          Prefix said = prefix.getValue();
          String path = stem.substring(prefix.getKey().length());
          return new FactorKey(said.part, path, cut.role(), spelling(cut.dialect(), said.dialect));
        }
      }
      return new FactorKey(
          null, stem, cut.role(), cut.dialect() == null ? KeyFormat.PEFT : cut.dialect());
    });
  }

  // Where the prefix is peculiar to a program it says more than the factor's ending does.
  private static KeyFormat spelling(KeyFormat ending, KeyFormat prefix) {
    return ending == null || prefix != KeyFormat.PEFT ? prefix : ending;
  }
}
