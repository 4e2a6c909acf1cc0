package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.LoraLayers.Certainty;
import dev.likeness.diffusion.internal.family.LoraLayers.Kind;
import dev.likeness.diffusion.internal.family.LoraLayers.OriginalNames;
import dev.likeness.diffusion.internal.family.LoraLayers.Sign;
import dev.likeness.diffusion.internal.family.StreamNames;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** FLUX.1's layers in LoRA files. */
final class FluxLoraLayers {
  static final LoraLayers LAYERS = new LoraLayers(
      List.of(Kind.ofTransformer(
          "flux", "FLUX.1", Set.of(3072L), false, ".*flux.*", "flux1", "flux-1-dev")),
      List.of(
          Sign.of("(^|[._])(double_blocks|single_blocks)[._]", Certainty.SHARED),
          Sign.of("(^|[._])single_transformer_blocks[._]", Certainty.SHARED),
          Sign.of("^text_encoder_2\\.encoder\\.block\\.", Certainty.WEAK)),
      null,
      names());

  private FluxLoraLayers() {}

  private static OriginalNames names() {
    Map<String, Map<String, List<String>>> blocks = StreamNames.blocks("mod_lin");
    blocks.get("single_blocks").put("modulation_lin", List.of("norm.linear"));
    Map<String, List<String>> top = StreamNames.outside("img_in", "x_embedder", "txt_in");
    // As OneTrainer writes it.
    top.put("img_in_proj", List.of("x_embedder"));
    StreamNames.embedder(
        top, "time_in_in_layer", "time_in_out_layer", "time_text_embed.timestep_embedder");
    StreamNames.embedder(
        top, "vector_in_in_layer", "vector_in_out_layer", "time_text_embed.text_embedder");
    StreamNames.embedder(
        top, "guidance_in_in_layer", "guidance_in_out_layer", "time_text_embed.guidance_embedder");
    return new OriginalNames(blocks, StreamNames.LISTS, top, false);
  }
}
