package dev.likeness.diffusion.internal.family.chroma;

import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.LoraLayers.Certainty;
import dev.likeness.diffusion.internal.family.LoraLayers.Kind;
import dev.likeness.diffusion.internal.family.LoraLayers.OriginalNames;
import dev.likeness.diffusion.internal.family.LoraLayers.Sign;
import dev.likeness.diffusion.internal.family.StreamNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Chroma's layers in LoRA files. */
final class ChromaLoraLayers {
  /** FLUX's layers that are none here: modulation and the embedders of time, guidance and text. */
  private static final Pattern LACKS = Pattern.compile(
      "(img|txt)_mod[._]|modulation[._]|norm1?(_context)?[._]linear|norm_out[._]linear|time_text_embed"
          + "|(vector|time|guidance)_in[._]|to_qkv_mlp_proj|ff(_context)?[._]linear_(in|out)");

  static final LoraLayers LAYERS = new LoraLayers(
      List.of(Kind.ofTransformer(
          "chroma", "Chroma", Set.of(), false, ".*chroma.*", "chroma", "chroma")),
      List.of(
          Sign.of("(^|[._])distilled_guidance_layer[._]", Certainty.OWN),
          Sign.of("(^|[._])(double_blocks|single_blocks)[._]", Certainty.SHARED),
          Sign.of("(^|[._])single_transformer_blocks[._]", Certainty.SHARED)),
      LACKS,
      names());

  private ChromaLoraLayers() {}

  private static OriginalNames names() {
    Map<String, Map<String, List<String>>> blocks = new LinkedHashMap<>(StreamNames.blocks(null));
    blocks.put(
        "distilled_guidance_layer_layers",
        Map.of("in_layer", List.of("linear_1"), "out_layer", List.of("linear_2")));
    Map<String, String> lists = new LinkedHashMap<>(StreamNames.LISTS);
    lists.put("distilled_guidance_layer_layers", "distilled_guidance_layer.layers.");
    Map<String, List<String>> top = StreamNames.outside("img_in", "x_embedder", "txt_in");
    for (String side : List.of("in_proj", "out_proj")) {
      top.put("distilled_guidance_layer_" + side, List.of("distilled_guidance_layer." + side));
    }
    return new OriginalNames(blocks, lists, top, false);
  }
}
