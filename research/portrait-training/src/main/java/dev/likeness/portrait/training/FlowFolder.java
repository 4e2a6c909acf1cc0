package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.family.sd3.Sd3Config;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.portrait.PortraitModel;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The folder of a small Stable Diffusion 3: a transformer of its own over {@code portrait}'s
 * latents, {@code portrait}'s autoencoder and face embedder, and its text encoder in the place of
 * both CLIP towers. There is no T5.
 */
final class FlowFolder {
  /** What both towers say of a token, side by side. */
  static final int TEXT = 2 * Architecture.TEXT_WIDTH;

  private static final int HEADS = 4;
  private static final int HEAD_WIDTH = 48;
  private static final int LAYERS = 8;
  private static final int PATCH = 2;

  private FlowFolder() {}

  static Sd3Config config() {
    return Sd3Config.of(ModelConfig.of(transformer(), "flow transformer"));
  }

  /**
   * Writes everything; {@code state} is what the training saved, {@code made} says in the weights
   * how.
   */
  static void write(Path folder, Path state, Map<String, String> made) {
    Path portrait = PortraitModel.files();
    TrimmedTokenizer.json(folder.resolve("model_index.json"), index());
    TrimmedTokenizer.json(
        folder.resolve("scheduler/scheduler_config.json"),
        Map.of(
            "_class_name",
            "FlowMatchEulerDiscreteScheduler",
            "num_train_timesteps",
            1000,
            "shift",
            1.0));
    TrimmedTokenizer.json(folder.resolve("transformer/config.json"), transformer());
    PortraitFolder.weights(
        state, "ema.", folder.resolve("transformer/diffusion_pytorch_model.safetensors"), made);
    for (String number : List.of("", "_2")) {
      PortraitFolder.copy(portrait.resolve("tokenizer"), folder.resolve("tokenizer" + number));
      tower(portrait.resolve("text_encoder"), folder.resolve("text_encoder" + number));
    }
    PortraitFolder.copy(portrait.resolve("vae"), folder.resolve("vae"));
    PortraitFolder.copy(portrait.resolve("face_embedder"), folder.resolve("face_embedder"));
    PortraitFolder.declare(folder);
  }

  /** The text encoder with the projection that its class has, which changes nothing. */
  private static void tower(Path from, Path to) {
    Map<String, Object> config =
        new LinkedHashMap<>(ModelConfig.read(from.resolve("config.json")).values());
    config.put("architectures", List.of("CLIPTextModelWithProjection"));
    TrimmedTokenizer.json(to.resolve("config.json"), config);
    try (TensorScope scope = TensorScope.open();
        Safetensors saved = Safetensors.open(from.resolve("model.safetensors"))) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      saved.names().forEach(name -> tensors.put(name, saved.read(name)));
      tensors.put("text_projection.weight", torch.eye(Architecture.TEXT_WIDTH));
      SafetensorsWriter.write(to.resolve("model.safetensors"), tensors, Map.of("format", "pt"));
    }
  }

  private static Map<String, Object> transformer() {
    Map<String, Object> c = new LinkedHashMap<>();
    c.put("_class_name", "SD3Transformer2DModel");
    c.put("sample_size", Architecture.LATENT);
    c.put("patch_size", PATCH);
    c.put("in_channels", Architecture.LATENT_CHANNELS);
    c.put("out_channels", Architecture.LATENT_CHANNELS);
    c.put("num_layers", LAYERS);
    c.put("attention_head_dim", HEAD_WIDTH);
    c.put("num_attention_heads", HEADS);
    c.put("caption_projection_dim", HEADS * HEAD_WIDTH);
    c.put("joint_attention_dim", TEXT);
    c.put("pooled_projection_dim", TEXT);
    c.put("pos_embed_max_size", Architecture.LATENT / PATCH);
    c.put("qk_norm", "rms_norm");
    return c;
  }

  private static Map<String, Object> index() {
    Map<String, Object> index = new LinkedHashMap<>();
    index.put("_class_name", "StableDiffusion3Pipeline");
    index.put("scheduler", List.of("diffusers", "FlowMatchEulerDiscreteScheduler"));
    for (String number : List.of("", "_2")) {
      index.put("text_encoder" + number, List.of("transformers", "CLIPTextModelWithProjection"));
      index.put("tokenizer" + number, List.of("transformers", "CLIPTokenizer"));
    }
    index.put("text_encoder_3", Arrays.asList(null, null));
    index.put("tokenizer_3", Arrays.asList(null, null));
    index.put("transformer", List.of("diffusers", "SD3Transformer2DModel"));
    index.put("vae", List.of("diffusers", "AutoencoderKL"));
    return index;
  }
}
