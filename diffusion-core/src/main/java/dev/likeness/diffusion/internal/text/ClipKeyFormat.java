package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.Numbered;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What the names and shapes of a CLIP text encoder alone tell: how it is spelled, and its
 * {@code config.json}.
 */
public final class ClipKeyFormat {
  /** CLIP's heads are this wide in every published tower. */
  private static final int HEAD = 64;

  static final String PROJECTION = "text_projection.weight";

  private ClipKeyFormat() {}

  /**
   * The layout of the text encoder below {@code prefix}; null when there is none.
   *
   * @param most how many of its layers the family runs at most
   * @param projects whether the family uses the projection
   */
  public static KeyMapping layout(TensorNames keys, String prefix, int most, boolean projects) {
    for (String own : List.of("transformer.", "")) {
      for (boolean named : new boolean[] {true, false}) {
        if (keys.has(
            prefix + own + (named ? "text_model." : "") + "embeddings.token_embedding.weight")) {
          return ClipLayout.of(keys, prefix + own, named, most).under(prefix + own);
        }
      }
    }
    for (String own : List.of("model.", "")) {
      if (keys.has(prefix + own + "token_embedding.weight")) {
        int layers = Numbered.count(keys, prefix + own + "transformer.resblocks.");
        return new OpenClipKeyFormat(Math.min(layers, most), projects).under(prefix + own);
      }
    }
    return null;
  }

  /**
   * The same for a family that listens to it unprojected though its class projects: the projection
   * is the identity.
   */
  public static KeyMapping unprojected(KeyMapping layout) {
    return new Unprojected(layout);
  }

  /** Whether {@code name} is a tensor of a whole CLIP that is none of its text encoder's. */
  public static boolean isBeside(String name) {
    return ClipLayout.isBeside(name);
  }

  /** The layout that a text encoder is written in: OpenCLIP's, or transformers' own. */
  public static KeyMapping written(boolean openClip, boolean projects, String prefix) {
    return openClip
        ? new OpenClipKeyFormat(Integer.MAX_VALUE, projects).under(prefix + "model.")
        : ClipLayout.whole().under(prefix + "transformer.");
  }

  /** The options under transformers' names, by canonical names. */
  public static Map<String, Object> config(TensorNames keys, boolean projects) {
    String embedding = "text_model.embeddings.token_embedding.weight";
    int width = size(keys, embedding, 1);
    Map<String, Object> config = new LinkedHashMap<>();
    config.put(
        "architectures", List.of(projects ? "CLIPTextModelWithProjection" : "CLIPTextModel"));
    config.put("model_type", "clip_text_model");
    config.put("vocab_size", size(keys, embedding, 0));
    config.put("hidden_size", width);
    config.put("intermediate_size", size(keys, "text_model.encoder.layers.0.mlp.fc1.weight", 0));
    config.put("num_hidden_layers", Numbered.count(keys, "text_model.encoder.layers."));
    config.put("num_attention_heads", heads(keys, width));
    config.put(
        "max_position_embeddings",
        size(keys, "text_model.embeddings.position_embedding.weight", 0));
    config.put("projection_dim", projects ? size(keys, PROJECTION, 0) : width);
    config.put("layer_norm_eps", 1e-5);
    config.put("bos_token_id", 0);
    config.put("eos_token_id", 2);
    config.put("pad_token_id", 1);
    return config;
  }

  private static int heads(TensorNames keys, int width) {
    if (width % HEAD != 0) {
      throw new InvalidInputException(
          keys.describe() + ": a text encoder of width " + width
              + " has an unknown number of heads, which the file does not tell; give a diffusers folder, or its config");
    }
    return width / HEAD;
  }

  private static int size(TensorNames keys, String name, int dimension) {
    if (!keys.has(name) || keys.shape(name).length <= dimension) {
      throw new InvalidInputException(keys.describe() + ": the text encoder has no usable tensor \""
          + name + "\"; the file is incomplete, or a text encoder of another kind");
    }
    return (int) keys.shape(name)[dimension];
  }
}
