package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.text.ClipTextConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderConfig;
import dev.likeness.diffusion.internal.vae.AutoencoderTiny;
import dev.likeness.headshots.internal.photo.Captioner;
import dev.likeness.headshots.internal.photo.CaptionerNetwork;
import dev.likeness.ipadapter.internal.registry.MethodRegistry;
import dev.likeness.ipadapter.internal.vision.VisionConfig;
import dev.likeness.portrait.training.adapter.AdapterTraining;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The shapes of {@code portrait}, as the config files that its folder holds: a miniature of Stable
 * Diffusion for 256x256 images and 32x32x8 latents.
 */
final class Architecture {
  static final int PIXELS = 256;
  static final int LATENT = 32;
  static final int LATENT_CHANNELS = 8;
  static final int TOKENS = 77;
  static final int TEXT_WIDTH = 192;
  /** Of the embedder that judges, and of the one that the adapter looks through. */
  static final List<Integer> FACE_CHANNELS = List.of(32, 48, 80, 128);
  /** Of the one beside it that holds faces: half the numbers. */
  static final List<Integer> GUIDE_CHANNELS = List.of(24, 32, 48, 80);

  static final int FACE_SIZE = 128;
  /**
   * What errors of person and words count for the UNet, and errors of the person for the adapter,
   * beside those of latents.
   */
  static final double PERCEIVED = 2;

  static final double LIKENESS = 2;
  /** Guidance that is drawn with unless something else is asked for. */
  static final double GUIDANCE = 2.5;
  /** TCD's eta, likewise. */
  static final double ETA = 0.3;
  /** Side of the images that the image encoder looks at. */
  static final int SEEN = 128;

  private Architecture() {}

  static Map<String, Object> unet() {
    Map<String, Object> c = config("UNet2DConditionModel");
    c.put("sample_size", LATENT);
    c.put("in_channels", LATENT_CHANNELS);
    c.put("out_channels", LATENT_CHANNELS);
    c.put(
        "down_block_types", List.of("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"));
    c.put("mid_block_type", "UNetMidBlock2DCrossAttn");
    c.put("up_block_types", List.of("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"));
    c.put("block_out_channels", List.of(64, 96, 160));
    c.put("layers_per_block", 1);
    c.put("attention_head_dim", 4);
    c.put("cross_attention_dim", TEXT_WIDTH);
    c.put("norm_num_groups", 8);
    return c;
  }

  static Map<String, Object> autoencoder(double scale) {
    Map<String, Object> c = config("AutoencoderKL");
    c.put("sample_size", PIXELS);
    c.put(
        "down_block_types",
        List.of(
            "DownEncoderBlock2D",
            "DownEncoderBlock2D",
            "DownEncoderBlock2D",
            "DownEncoderBlock2D"));
    c.put(
        "up_block_types",
        List.of("UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D", "UpDecoderBlock2D"));
    c.put("block_out_channels", List.of(16, 32, 64, 96));
    c.put("layers_per_block", 1);
    c.put("latent_channels", LATENT_CHANNELS);
    // Few groups: normalising pairs of channels would take an image's overall colour away.
    c.put("norm_num_groups", 2);
    c.put("mid_block_add_attention", false);
    c.put("force_upcast", false);
    c.put("scaling_factor", scale);
    return c;
  }

  static Map<String, Object> text(int vocabulary) {
    Map<String, Object> c = new LinkedHashMap<>();
    c.put("architectures", List.of("CLIPTextModel"));
    c.put("model_type", "clip_text_model");
    c.put("vocab_size", vocabulary);
    c.put("hidden_size", TEXT_WIDTH);
    c.put("intermediate_size", 4 * TEXT_WIDTH);
    c.put("num_hidden_layers", 3);
    c.put("num_attention_heads", 4);
    c.put("max_position_embeddings", TOKENS);
    c.put("projection_dim", TEXT_WIDTH);
    c.put("hidden_act", "quick_gelu");
    c.put("layer_norm_eps", 1e-5);
    c.put("bos_token_id", vocabulary - 2);
    c.put("eos_token_id", vocabulary - 1);
    c.put("pad_token_id", vocabulary - 1);
    return c;
  }

  /**
   * An embedder of faces.
   *
   * @param weights a fingerprint of them, so that vectors of other weights are not taken for its
   *     own
   * @param channels of each level
   */
  static Map<String, Object> faceEmbedder(
      String weights, List<Integer> channels, double sameAbove) {
    Map<String, Object> c = new LinkedHashMap<>();
    c.put("_class_name", "LikenessFaceNetwork");
    c.put("name", "portrait's face network " + weights);
    c.put("block_out_channels", channels);
    c.put("embedding_size", FACE_SIZE);
    c.put("same_above", Math.round(1e4 * sameAbove) / 1e4);
    c.put("photographs", false);
    return c;
  }

  static Map<String, Object> imageEncoder() {
    Map<String, Object> c = new LinkedHashMap<>();
    c.put("architectures", List.of("CLIPVisionModelWithProjection"));
    c.put("model_type", "clip_vision_model");
    c.put("hidden_size", 128);
    c.put("intermediate_size", 512);
    c.put("num_hidden_layers", 4);
    c.put("num_attention_heads", 4);
    c.put("num_channels", 3);
    c.put("image_size", SEEN);
    c.put("patch_size", 16);
    c.put("projection_dim", TEXT_WIDTH);
    c.put("hidden_act", "quick_gelu");
    c.put("layer_norm_eps", 1e-5);
    return c;
  }

  /** CLIP's own way to prepare images, at the encoder's size. */
  static Map<String, Object> preprocessor() {
    Map<String, Object> c = new LinkedHashMap<>();
    c.put("image_processor_type", "CLIPImageProcessor");
    c.put("size", Map.of("shortest_edge", SEEN));
    c.put("crop_size", Map.of("height", SEEN, "width", SEEN));
    return c;
  }

  /**
   * An IP-Adapter of the face embedder's numbers; half of its timesteps are noised to more than 0.7
   * of the way.
   */
  static AdapterTraining adapter() {
    return new AdapterTraining(
        MethodRegistry.FACE_ID_PORTRAIT,
        8,
        null,
        32,
        null,
        6000,
        16,
        6e-4,
        100,
        600,
        0,
        true,
        0.01,
        1,
        0.05,
        2.5,
        1);
  }

  /** An IP-Adapter of the image encoder's projection. */
  static AdapterTraining imageAdapter() {
    return new AdapterTraining(
        MethodRegistry.IP_ADAPTER,
        4,
        null,
        0,
        null,
        3000,
        16,
        6e-4,
        100,
        600,
        0,
        true,
        0.01,
        1,
        0.05,
        1.5,
        1);
  }

  static Map<String, Object> preview() {
    Map<String, Object> c = config("AutoencoderTiny");
    c.put("in_channels", 3);
    c.put("out_channels", 3);
    c.put("encoder_block_out_channels", List.of(16, 16, 16, 16));
    c.put("decoder_block_out_channels", List.of(16, 16, 16, 16));
    c.put("num_encoder_blocks", List.of(1, 1, 1, 2));
    c.put("num_decoder_blocks", List.of(5, 4, 3, 1));
    c.put("act_fn", "relu");
    c.put("latent_channels", LATENT_CHANNELS);
    c.put("upsampling_scaling_factor", 2);
    c.put("latent_magnitude", 3);
    c.put("latent_shift", 0.5);
    c.put("scaling_factor", 1.0);
    c.put("force_upcast", false);
    return c;
  }

  static Map<String, Object> scheduler() {
    Map<String, Object> c = config("TCDScheduler");
    c.put("num_train_timesteps", 1000);
    c.put("beta_start", 0.00085);
    c.put("beta_end", 0.012);
    c.put("beta_schedule", "scaled_linear");
    c.put("prediction_type", "v_prediction");
    c.put("original_inference_steps", 100);
    c.put("clip_sample", false);
    c.put("set_alpha_to_one", true);
    c.put("steps_offset", 1);
    c.put("timestep_spacing", "leading");
    c.put("_guidance_scale", GUIDANCE);
    c.put("_num_inference_steps", 30);
    c.put("_eta", ETA);
    return c;
  }

  static UNetConfig unetConfig() {
    return UNetConfig.of(ModelConfig.of(unet(), "portrait unet"));
  }

  static AutoencoderConfig autoencoderConfig(double scale) {
    return AutoencoderConfig.of(ModelConfig.of(autoencoder(scale), "portrait vae"));
  }

  static ClipTextConfig textConfig(int vocabulary) {
    return ClipTextConfig.of(ModelConfig.of(text(vocabulary), "portrait text_encoder"));
  }

  /** The configuration of the captioner, with its words. */
  static Map<String, Object> captioner() {
    Map<String, Object> c = new LinkedHashMap<>();
    c.put("_class_name", "LikenessPhotoReader");
    c.put("block_out_channels", List.of(16, 24, 40, 56));
    c.put("kept_channels", 8);
    c.put("features", 96);
    Map<String, List<String>> slots = new LinkedHashMap<>();
    PhotoSlot.ALL.forEach(slot -> slots.put(slot.name(), slot.words()));
    c.put("attributes", slots);
    return c;
  }

  static CaptionerNetwork.Shape captionerShape() {
    return Captioner.shape(ModelConfig.of(captioner(), "portrait photo_reader"));
  }

  static VisionConfig imageEncoderConfig() {
    return VisionConfig.of(ModelConfig.of(imageEncoder(), "portrait image_encoder"));
  }

  static AutoencoderTiny.Config previewConfig() {
    return AutoencoderTiny.Config.of(ModelConfig.of(preview(), "portrait preview"));
  }

  private static Map<String, Object> config(String className) {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("_class_name", className);
    config.put("_diffusers_version", "0.42.1");
    return config;
  }
}
