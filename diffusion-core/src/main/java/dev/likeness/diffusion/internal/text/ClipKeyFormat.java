package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.Leftovers;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Key formats of a CLIP text encoder file, and its {@code config.json} from names and shapes. */
public final class ClipKeyFormat {
  /** The head width of every published CLIP text encoder. */
  private static final int HEAD_DIM = 64;

  static final String PROJECTION = "text_projection.weight";

  private ClipKeyFormat() {}

  /**
   * The key mapping of the text encoder below {@code prefix}; null if there is none.
   *
   * @param most the largest number of layers that the family uses
   * @param projects true if the family uses the projection
   */
  public static KeyMapping layout(TensorNames keys, String prefix, int most, boolean projects) {
    for (String own : List.of("transformer.", "")) {
      for (boolean named : new boolean[] {true, false}) {
        if (keys.has(
            prefix + own + (named ? "text_model." : "") + "embeddings.token_embedding.weight")) {
          return ClipLayout.of(keys, prefix + own, named, most).withPrefix(prefix + own);
        }
      }
    }
    for (String own : List.of("model.", "")) {
      if (keys.has(prefix + own + "token_embedding.weight")) {
        int layers = ShapeReader.Numbered.count(keys, prefix + own + "transformer.resblocks.");
        return new OpenClipKeyFormat(Math.min(layers, most), projects).withPrefix(prefix + own);
      }
    }
    return null;
  }

  /**
   * The key mapping for a family that ignores the projection of the encoder's class: it is the
   * identity.
   */
  public static KeyMapping unprojected(KeyMapping layout) {
    return new Unprojected(layout);
  }

  /** Returns true if a tensor of a whole CLIP does not belong to its text encoder. */
  public static boolean isOtherClipTensor(String name) {
    return !name.contains("text_projection") && Leftovers.isHarmless(name);
  }

  /** The key mapping to write a text encoder: OpenCLIP's or transformers'. */
  public static KeyMapping outputLayout(boolean openClip, boolean projects, String prefix) {
    return openClip
        ? new OpenClipKeyFormat(Integer.MAX_VALUE, projects).withPrefix(prefix + "model.")
        : ClipLayout.whole().withPrefix(prefix + "transformer.");
  }

  /** Returns the options under transformers' names, detected by canonical names. */
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
    config.put("num_hidden_layers", ShapeReader.Numbered.count(keys, "text_model.encoder.layers."));
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
    if (width % HEAD_DIM != 0) {
      throw new InvalidInputException(keys.describe() + ": the number of attention heads is not in"
          + " the file and is unknown for a text encoder of width " + width
          + "; give a diffusers folder; if the file is a component (--part), put its config.json"
          + " beside it");
    }
    return width / HEAD_DIM;
  }

  private static int size(TensorNames keys, String name, int dimension) {
    return new ShapeReader(keys, "", "text encoder").size(name, dimension);
  }

  /**
   * A text encoder with transformers' names inside a single file, also without {@code text_model.},
   * or with stable-diffusion.cpp's names of OpenCLIP's layers.
   */
  static final class ClipLayout implements KeyMapping {
    private static final String MODULE = "text_model.";
    private static final String LAYERS = MODULE + "encoder.layers.";
    private static final String FUSED = ".self_attn.in_proj.";
    private static final List<String> PARTS =
        List.of(".self_attn.q_proj.", ".self_attn.k_proj.", ".self_attn.v_proj.");
    private final boolean named;
    private final int maxLayers;
    private final boolean fused;
    private final KeyMapping.Location projection;

    private ClipLayout(
        boolean named, int maxLayers, boolean fused, KeyMapping.Location projection) {
      this.named = named;
      this.maxLayers = maxLayers;
      this.fused = fused;
      this.projection = projection;
    }

    /** The key mapping to write: with {@code text_model.} and all layers. */
    static ClipLayout whole() {
      return new ClipLayout(
          true, Integer.MAX_VALUE, false, KeyMapping.Location.whole(ClipKeyFormat.PROJECTION));
    }

    /**
     * The text encoder below {@code prefix}.
     *
     * @param named true if the file has {@code text_model.} in its names
     * @param most the largest number of layers that are used
     */
    static ClipLayout of(TensorNames keys, String prefix, boolean named, int most) {
      String open = MODULE + "text_projection";
      // Stable Diffusion 3 files have a transposed projection already.
      KeyMapping.Location.Form form = prefix.startsWith("text_encoders.")
          ? KeyMapping.Location.Form.AS_STORED
          : KeyMapping.Location.Form.TRANSPOSED;
      boolean fused = keys.has(
          prefix + (named ? LAYERS : LAYERS.substring(MODULE.length())) + "0" + FUSED + "weight");
      return new ClipLayout(
          named,
          most,
          fused,
          keys.has(prefix + open)
              ? KeyMapping.Location.whole(open, form)
              : KeyMapping.Location.whole(ClipKeyFormat.PROJECTION));
    }

    @Override
    public KeyMapping.Location locate(String canonical) {
      if (canonical.equals(ClipKeyFormat.PROJECTION)) {
        return projection;
      }
      String here =
          named || !canonical.startsWith(MODULE) ? canonical : canonical.substring(MODULE.length());
      String part = fused ? PARTS.stream().filter(here::contains).findFirst().orElse(null) : null;
      return part == null
          ? KeyMapping.Location.whole(here)
          : KeyMapping.Location.slice(here.replace(part, FUSED), PARTS.indexOf(part), PARTS.size());
    }

    // Layers after the last one that is used.
    @Override
    public boolean leavesOut(String foreign) {
      String name = named ? foreign : MODULE + foreign;
      return name.startsWith(LAYERS)
          && ShapeReader.Numbered.number(name.substring(LAYERS.length()).split("\\.")[0])
              >= maxLayers;
    }

    @Override
    public List<String> canonicalNames(String foreign) {
      if (foreign.equals(projection.name())) {
        return List.of(ClipKeyFormat.PROJECTION);
      }
      String name = named || foreign.startsWith("text_projection.") ? foreign : MODULE + foreign;
      if (isOtherClipTensor(foreign) || leavesOut(foreign)) {
        return List.of();
      }
      return fused && name.contains(FUSED)
          ? PARTS.stream().map(part -> name.replace(FUSED, part)).toList()
          : List.of(name);
    }
  }

  /** A text encoder whose projection is replaced by the identity. */
  record Unprojected(KeyMapping layout) implements KeyMapping {
    private static final String WIDE = "text_model.final_layer_norm.weight";

    @Override
    public KeyMapping.Location locate(String canonical) {
      return canonical.equals(ClipKeyFormat.PROJECTION)
          ? KeyMapping.Location.whole(layout.locate(WIDE).name(), KeyMapping.Location.Form.IDENTITY)
          : layout.locate(canonical);
    }

    @Override
    public boolean covers(String foreign) {
      return layout.covers(foreign);
    }

    @Override
    public boolean leavesOut(String foreign) {
      return layout.leavesOut(foreign);
    }

    @Override
    public List<String> canonicalNames(String foreign) {
      List<String> names = layout.canonicalNames(foreign);
      return names.contains(ClipKeyFormat.PROJECTION)
          ? List.of()
          : names.contains(WIDE) ? List.of(WIDE, ClipKeyFormat.PROJECTION) : names;
    }
  }
}
