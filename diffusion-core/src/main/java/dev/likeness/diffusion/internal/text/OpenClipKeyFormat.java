package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.ShapeReader;
import java.util.List;
import java.util.Map;

/**
 * CLIP's text encoder in OpenCLIP's names: fused queries, keys and values, and a transposed
 * projection.
 *
 * <p>Source: {@code open_clip/transformer.py} of mlfoundations/open_clip.
 */
final class OpenClipKeyFormat implements KeyMapping {
  private static final Map<String, String> OUTER = Map.of(
      "text_model.embeddings.token_embedding.weight", "token_embedding.weight",
      "text_model.embeddings.position_embedding.weight", "positional_embedding",
      "text_model.final_layer_norm.weight", "ln_final.weight",
      "text_model.final_layer_norm.bias", "ln_final.bias",
      "text_projection.weight", "text_projection");
  private static final Map<String, String> LAYER = Map.of(
      "layer_norm1",
      "ln_1",
      "layer_norm2",
      "ln_2",
      "mlp.fc1",
      "mlp.c_fc",
      "mlp.fc2",
      "mlp.c_proj",
      "self_attn.out_proj",
      "attn.out_proj");
  private static final List<String> FUSED =
      List.of("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj");
  private static final String LAYERS_PREFIX = "text_model.encoder.layers.";
  private static final String OPEN_CLIP_LAYERS_PREFIX = "transformer.resblocks.";

  private final int layers;
  private final boolean projects;

  /**
   * Maps a text encoder with its first {@code layers} layers, and the projection if
   * {@code projects}.
   */
  OpenClipKeyFormat(int layers, boolean projects) {
    this.layers = layers;
    this.projects = projects;
  }

  @Override
  public KeyMapping.Location locate(String canonical) {
    String outer = OUTER.get(canonical);
    if (outer != null) {
      return KeyMapping.Location.whole(
          outer,
          outer.equals("text_projection")
              ? KeyMapping.Location.Form.TRANSPOSED
              : KeyMapping.Location.Form.AS_STORED);
    }
    String[] parts = canonical.startsWith(LAYERS_PREFIX)
        ? canonical.substring(LAYERS_PREFIX.length()).split("\\.", 2)
        : new String[0];
    return parts.length < 2 ? null : inLayer(OPEN_CLIP_LAYERS_PREFIX + parts[0] + ".", parts[1]);
  }

  private static KeyMapping.Location inLayer(String layer, String rest) {
    int dot = rest.lastIndexOf('.');
    String module = rest.substring(0, Math.max(dot, 0));
    String kind = rest.substring(dot + 1);
    int part = FUSED.indexOf(module);
    if (part >= 0) {
      return KeyMapping.Location.slice(layer + "attn.in_proj_" + kind, part, FUSED.size());
    }
    return LAYER.containsKey(module)
        ? KeyMapping.Location.whole(layer + LAYER.get(module) + "." + kind)
        : null;
  }

  @Override
  public List<String> canonicalNames(String foreign) {
    for (Map.Entry<String, String> outer : OUTER.entrySet()) {
      if (outer.getValue().equals(foreign) && (projects || !foreign.equals("text_projection"))) {
        return List.of(outer.getKey());
      }
    }
    int layer = layer(foreign);
    return layer >= 0 && layer < layers
        ? outOfLayer(
            LAYERS_PREFIX + layer + ".",
            foreign.substring(OPEN_CLIP_LAYERS_PREFIX.length()).split("\\.", 2)[1])
        : List.of();
  }

  // Layers after the last one that is used.
  @Override
  public boolean leavesOut(String foreign) {
    return layer(foreign) >= layers;
  }

  private static int layer(String foreign) {
    String[] parts = foreign.startsWith(OPEN_CLIP_LAYERS_PREFIX)
        ? foreign.substring(OPEN_CLIP_LAYERS_PREFIX.length()).split("\\.", 2)
        : new String[0];
    return parts.length == 2 ? ShapeReader.Numbered.number(parts[0]) : -1;
  }

  private static List<String> outOfLayer(String layer, String rest) {
    if (rest.startsWith("attn.in_proj_")) {
      String kind = rest.substring("attn.in_proj_".length());
      return FUSED.stream().map(module -> layer + module + "." + kind).toList();
    }
    int dot = rest.lastIndexOf('.');
    String module = rest.substring(0, Math.max(dot, 0));
    return LAYER.entrySet().stream()
        .filter(e -> e.getValue().equals(module))
        .map(e -> layer + e.getKey() + rest.substring(dot))
        .toList();
  }
}
