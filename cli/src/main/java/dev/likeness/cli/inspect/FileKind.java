package dev.likeness.cli.inspect;

import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.internal.file.TensorNames;
import dev.likeness.diffusion.internal.memory.Calibration;
import dev.likeness.lora.internal.file.LoraFile;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** The kind of weights in a file, detected by its tensor names. */
public enum FileKind {
  BASE(List.of("model.diffusion_model.", "model_ema.", "double_blocks.", "joint_blocks.")),
  LORA(List.of(
      ".lora_A",
      ".lora_B",
      ".lora_up",
      ".lora_down",
      ".lora.up",
      ".lora.down",
      "_lora.up",
      "_lora.down",
      "_lora1.",
      "_lora2.",
      ".lora_linear_layer.",
      ".hada_w1",
      ".lokr_w",
      ".oft_R",
      ".oft_r",
      ".oft_blocks",
      ".boft_",
      ".ia3_l",
      ".dora_scale",
      ":down",
      ":up")),
  IP_ADAPTER(List.of(
      "ip_adapter.",
      "adapter_modules.",
      "image_proj.",
      "image_proj_model.",
      "ip_adapter_proj_model.",
      "encoder_hid_proj.image_projection_layers.",
      "unet.encoder_hid_proj.image_projection_layers.")),
  TEXTUAL_INVERSION(List.of(
      "emb_params",
      "string_to_param.",
      "clip_l",
      "clip_g",
      "text_encoders_0",
      "text_encoders_1",
      "<")),
  CONTROLNET(List.of("controlnet_cond_embedding.", "control_model.", "controlnet_x_embedder.")),
  UNET(List.of("down_blocks.0.resnets.0.time_emb_proj.", "time_embedding.linear_1.")),
  VAE(List.of("decoder.conv_in.", "first_stage_model.", "decoder.layers.")),
  IMAGE_ENCODER(List.of("vision_model.")),
  TEXT_ENCODER(List.of("text_model.encoder.layers.", "encoder.layers.0.self_attn.")),
  /** A calibration of products in 8 bits; its metadata says so. */
  CALIBRATION(List.of()),
  UNKNOWN(List.of());

  private static final int MAX_LISTED = 4;
  private final List<String> signatures;

  FileKind(List<String> signatures) {
    this.signatures = signatures;
  }

  String label() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  static FileKind of(Collection<String> names) {
    if (names.stream().anyMatch(name -> IP_ADAPTER.matchesPrefix(name))) {
      return IP_ADAPTER;
    }
    // A file with both CLIP encoders is published for its image encoder. Otherwise the first match
    // in this order decides.
    for (FileKind kind : List.of(LORA, CONTROLNET, BASE, UNET, VAE, IMAGE_ENCODER, TEXT_ENCODER)) {
      if (names.stream().anyMatch(kind::matches)) {
        return kind;
      }
    }
    return names.size() <= MAX_LISTED && names.stream().anyMatch(TEXTUAL_INVERSION::matchesPrefix)
        ? TEXTUAL_INVERSION
        : UNKNOWN;
  }

  /**
   * Returns the kind by names and shapes. A single tensor as wide as the embeddings of a CLIP
   * encoder is a textual inversion.
   */
  static FileKind of(TensorNames tensors) {
    if (tensors instanceof SafetensorsHeader header && Calibration.isOne(header.metadata())) {
      return CALIBRATION;
    }
    FileKind kind = of(tensors.names());
    String shape = tensors.names().size() == 1
        ? Arrays.toString(tensors.shape(tensors.names().iterator().next()))
        : "";
    return kind == UNKNOWN && shape.matches("\\[(\\d+, )?(768|1024|1280)]")
        ? TEXTUAL_INVERSION
        : kind;
  }

  private boolean matches(String name) {
    return signatures.stream().anyMatch(name::contains) || this == LORA && LoraFile.hasPrefix(name);
  }

  private boolean matchesPrefix(String name) {
    return signatures.stream().anyMatch(name::startsWith);
  }
}
