package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.lora.file.KeyFormat;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The beginnings of keys by which programs name a component, such as {@code lora_unet_}. Prefixes
 * of kohya's kind, which end with an underscore, may be followed by more underscores: VideoX-Fun
 * joins the prefix, the empty name of the network and the name of the layer, so that its keys begin
 * with {@code lora_unet__}.
 *
 * @param text the beginning of the key
 * @param component the component that it names
 * @param keyFormat the key format of files that use it
 */
record KeyPrefix(String text, ModelComponent component, KeyFormat keyFormat) {
  /** The prefix of peft's own files, alone or after the prefix of a component. */
  static final String PEFT = "base_model.model.";

  private static final Set<ModelComponent> NETWORKS =
      EnumSet.of(ModelComponent.UNET, ModelComponent.TRANSFORMER);

  // kohya's own prefixes, which its files are written with (networks/lora.py of
  // kohya-ss/sd-scripts).
  static final KeyPrefix KOHYA_NETWORK = kohya("lora_unet_", ModelComponent.UNET);
  /** The prefix of a text encoder that is the only CLIP of its base. */
  static final KeyPrefix KOHYA_TEXT = kohya("lora_te_", ModelComponent.TEXT_ENCODER);

  static final KeyPrefix KOHYA_TEXT_1 = kohya("lora_te1_", ModelComponent.TEXT_ENCODER);
  static final KeyPrefix KOHYA_TEXT_2 = kohya("lora_te2_", ModelComponent.TEXT_ENCODER_2);
  /** The prefix of T5, which has number 3 in every base. */
  static final KeyPrefix KOHYA_T5 = kohya("lora_te3_", ModelComponent.TEXT_ENCODER_3);

  /** The prefix of a transformer's layers in diffusers' own files. */
  static final KeyPrefix DIFFUSERS_TRANSFORMER = peft("transformer.", ModelComponent.TRANSFORMER);
  /** OneTrainer's prefix of a transformer's layers in diffusers' names. */
  static final KeyPrefix LORA_TRANSFORMER = kohya("lora_transformer_", ModelComponent.TRANSFORMER);

  /** All prefixes; a prefix stands before each that it begins with. */
  private static final List<KeyPrefix> ALL = List.of(
      KOHYA_NETWORK,
      KOHYA_TEXT,
      KOHYA_TEXT_1,
      KOHYA_TEXT_2,
      KOHYA_T5,
      LORA_TRANSFORMER,
      kohya("oft_unet_", ModelComponent.UNET),
      kohya("lycoris_text_encoder_2_", ModelComponent.TEXT_ENCODER_2),
      kohya("lycoris_text_encoder_", ModelComponent.TEXT_ENCODER),
      kohya("lycoris_text_model_", ModelComponent.TEXT_ENCODER),
      kohya("lycoris_unet_", ModelComponent.UNET),
      kohya("lycoris_", ModelComponent.UNET),
      comfy("model.diffusion_model.", ModelComponent.UNET),
      comfy("diffusion_model.", ModelComponent.UNET),
      comfy("text_encoders.clip_l.transformer.", ModelComponent.TEXT_ENCODER),
      comfy("text_encoders.clip_l.", ModelComponent.TEXT_ENCODER),
      comfy("text_encoders.clip_g.transformer.", ModelComponent.TEXT_ENCODER_2),
      comfy("text_encoders.clip_g.", ModelComponent.TEXT_ENCODER_2),
      comfy("text_encoders.t5xxl.transformer.", ModelComponent.TEXT_ENCODER_3),
      comfy("text_encoders.t5xxl.", ModelComponent.TEXT_ENCODER_3),
      comfy("clip_l.", ModelComponent.TEXT_ENCODER),
      comfy("clip_g.", ModelComponent.TEXT_ENCODER_2),
      comfy("t5.", ModelComponent.TEXT_ENCODER_3),
      peft("unet.", ModelComponent.UNET),
      peft("text_encoder.", ModelComponent.TEXT_ENCODER),
      peft("text_encoder_2.", ModelComponent.TEXT_ENCODER_2),
      peft("text_encoder_3.", ModelComponent.TEXT_ENCODER_3),
      DIFFUSERS_TRANSFORMER,
      // DiffSynth-Studio calls the components of its pipelines so, and programs that follow it.
      peft("pipe.dit.", ModelComponent.TRANSFORMER),
      peft("dit.", ModelComponent.TRANSFORMER),
      peft("pipe.unet.", ModelComponent.UNET),
      peft("pipe.text_encoder.", ModelComponent.TEXT_ENCODER),
      peft("pipe.text_encoder_2.", ModelComponent.TEXT_ENCODER_2));

  private static KeyPrefix kohya(String text, ModelComponent component) {
    return new KeyPrefix(text, component, KeyFormat.KOHYA);
  }

  private static KeyPrefix comfy(String text, ModelComponent component) {
    return new KeyPrefix(text, component, KeyFormat.COMFY);
  }

  private static KeyPrefix peft(String text, ModelComponent component) {
    return new KeyPrefix(text, component, KeyFormat.PEFT);
  }

  /** Returns the prefix of a key without peft's prefix; empty if it has none. */
  static Optional<KeyPrefix> of(String key) {
    for (KeyPrefix prefix : ALL) {
      if (key.startsWith(prefix.text)) {
        return Optional.of(prefix);
      }
    }
    return Optional.empty();
  }

  /** Returns true for a prefix of a text encoder. */
  boolean isOfTextEncoder() {
    return !NETWORKS.contains(component);
  }

  /** Returns the rest of a key that begins with this prefix. */
  String rest(String key) {
    int start = text.length();
    while (text.endsWith("_") && start < key.length() && key.charAt(start) == '_') {
      start++;
    }
    return key.substring(start);
  }

  /**
   * Returns a key without the prefixes of a denoising network, of which it may have several, and
   * without peft's. Prefixes of text encoders stay.
   */
  static String withoutNetwork(String key) {
    String bare = key.replace(PEFT, "");
    Optional<KeyPrefix> prefix = of(bare);
    while (prefix.isPresent() && NETWORKS.contains(prefix.get().component)) {
      bare = prefix.get().rest(bare);
      prefix = of(bare);
    }
    return bare;
  }
}
