package dev.likeness.diffusion.internal.family.flux;

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

/** FLUX.1's layers in LoRA files. */
final class FluxLoraLayers {
  private static final List<String> HALVES = List.of(".net.0.proj", ".net.2");
  /**
   * Layers that FLUX.2 lacks: the blocks' own modulation, the pooled text, and a single block's
   * halves.
   */
  private static final Pattern ONLY = Pattern.compile(
      "mod(ulation)?[._]lin[._]|vector_in|text_embedder|norm1?(_context)?[._]linear|proj_mlp|proj_out|processor"
          + "|single_(transformer_)?blocks[._]\\d+[._](attn[._]to_[qkv]|qkv|proj)");

  static final LoraLayers LAYERS = new LoraLayers(
      List.of(Kind.ofTransformer(
          "flux", "FLUX.1", Set.of(3072L), false, ".*flux.*", "flux1", "flux-1-dev")),
      List.of(
          Sign.of("(^|[._])(double_blocks|single_blocks)[._]", Certainty.SHARED),
          Sign.of("(^|[._])single_transformer_blocks[._]", Certainty.SHARED),
          Sign.of("^text_encoder_2\\.encoder\\.block\\.", Certainty.WEAK)),
      ONLY,
      names());

  private FluxLoraLayers() {}

  private static OriginalNames names() {
    StreamNames streams = new StreamNames("mlp_0", "mlp_2", "mod_lin");
    Map<String, List<String>> two = new LinkedHashMap<>();
    streams.image(two, "img_", "attn", HALVES);
    streams.text(two, "txt_", HALVES);
    StreamNames.norms(two, "img_attn_norm_", "query_norm", "key_norm", "attn.norm_");
    StreamNames.norms(two, "txt_attn_norm_", "query_norm", "key_norm", "attn.norm_added_");
    Map<String, List<String>> one = new LinkedHashMap<>();
    one.put("linear1", List.of("attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"));
    one.put("qkv", List.of("attn.to_q", "attn.to_k", "attn.to_v"));
    one.put("linear2", List.of("proj_out"));
    one.put("proj", List.of("proj_out"));
    one.put("modulation_lin", List.of("norm.linear"));
    StreamNames.norms(one, "norm_", "query_norm", "key_norm", "attn.norm_");
    Map<String, List<String>> top = StreamNames.outside("img_in", "x_embedder", "txt_in");
    // As OneTrainer writes it.
    top.put("img_in_proj", List.of("x_embedder"));
    StreamNames.embedder(
        top, "time_in_in_layer", "time_in_out_layer", "time_text_embed.timestep_embedder");
    StreamNames.embedder(
        top, "vector_in_in_layer", "vector_in_out_layer", "time_text_embed.text_embedder");
    StreamNames.embedder(
        top, "guidance_in_in_layer", "guidance_in_out_layer", "time_text_embed.guidance_embedder");
    return new OriginalNames(
        Map.of("double_blocks", two, "single_blocks", one),
        Map.of(
            "double_blocks", "transformer_blocks.", "single_blocks", "single_transformer_blocks."),
        top,
        false);
  }
}
