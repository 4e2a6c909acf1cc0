package dev.likeness.diffusion.internal.family.sd3;

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

/** Stable Diffusion 3's layers in LoRA files. */
final class Sd3LoraLayers {
  private static final List<String> HALVES = List.of(".net.0.proj", ".net.2");
  private static final String BLOCK =
      "^((base_model\\.model|diffusion_model|transformer)\\.|lora_transformer_|lora_unet_|lycoris_)*transformer_blocks[._]";

  static final LoraLayers LAYERS = new LoraLayers(
      List.of(Kind.ofTransformer(
          "sd3",
          "Stable Diffusion 3",
          Set.of(1536L, 2432L),
          true,
          "sd3.*|.*diffusion[ _-]?v?3.*",
          "sd3",
          "stable-diffusion-3-medium")),
      List.of(
          Sign.of("(^|[._])joint_blocks[._]", Certainty.SHARED),
          // Other transformers with such blocks have no second attention, and such blocks only up
          // to the nineteenth.
          Sign.of(BLOCK + "(\\d+[._]attn2|19|[2-9]\\d)[._]", Certainty.WEAK),
          Sign.of("^text_encoder_3\\.", Certainty.WEAK)),
      null,
      names());

  private Sd3LoraLayers() {}

  private static OriginalNames names() {
    StreamNames streams = new StreamNames("mlp_fc1", "mlp_fc2", "adaLN_modulation_1");
    Map<String, List<String>> mixed = new LinkedHashMap<>();
    for (String attention : List.of("attn", "attn2")) {
      streams.image(mixed, "x_block_", attention, HALVES);
      StreamNames.norms(mixed, "x_block_" + attention + "_ln_", "q", "k", attention + ".norm_");
    }
    streams.text(mixed, "context_block_", HALVES);
    StreamNames.norms(mixed, "context_block_attn_ln_", "q", "k", "attn.norm_added_");
    Map<String, List<String>> top =
        StreamNames.outside("x_embedder_proj", "pos_embed.proj", "context_embedder");
    StreamNames.embedder(
        top, "t_embedder_mlp_0", "t_embedder_mlp_2", "time_text_embed.timestep_embedder");
    StreamNames.embedder(
        top, "y_embedder_mlp_0", "y_embedder_mlp_2", "time_text_embed.text_embedder");
    return new OriginalNames(
        Map.of("joint_blocks", mixed), Map.of("joint_blocks", "transformer_blocks."), top, false);
  }
}
