package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.LoraLayers.Certainty;
import dev.likeness.diffusion.internal.family.LoraLayers.Kind;
import dev.likeness.diffusion.internal.family.LoraLayers.OriginalNames;
import dev.likeness.diffusion.internal.family.LoraLayers.Sign;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Z-Image's layers in LoRA files. Trainers write a layer and its parts, of which diffusers takes
 * the parts.
 */
final class ZImageLoraLayers {
  static final LoraLayers LAYERS = new LoraLayers(
      List.of(Kind.ofTransformer("z-image", "Z-Image", Set.of(), false, null, null, null)),
      List.of(Sign.of(
          "(^|[._])(noise|context)_refiner[._]"
              + "|(^|[._])layers[._]\\d+[._](attention|feed_forward|adaLN_modulation)[._]",
          Certainty.OWN)),
      null,
      names());

  private ZImageLoraLayers() {}

  private static OriginalNames names() {
    Map<String, List<String>> block = Map.of(
        "attention_qkv",
        List.of("attention.to_q", "attention.to_k", "attention.to_v"),
        "attention_out",
        List.of("attention.to_out.0"),
        "attention_q_norm",
        List.of("attention.norm_q"),
        "attention_k_norm",
        List.of("attention.norm_k"));
    Map<String, String> lists = Map.of(
        "layers",
        "layers.",
        "noise_refiner",
        "noise_refiner.",
        "context_refiner",
        "context_refiner.");
    return new OriginalNames(
        Map.of("layers", block, "noise_refiner", block, "context_refiner", block),
        lists,
        Map.of(
            "x_embedder",
            List.of("all_x_embedder.2-1"),
            "final_layer_linear",
            List.of("all_final_layer.2-1.linear"),
            "final_layer_adaLN_modulation_1",
            List.of("all_final_layer.2-1.adaLN_modulation.1")),
        true);
  }
}
