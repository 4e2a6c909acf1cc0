package dev.likeness.diffusion.internal.family.zimage;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.Place;
import dev.likeness.diffusion.internal.file.TensorTable;
import java.util.List;

/**
 * Z-Image's transformer as ComfyUI's files name it: its authors' names, with queries, keys and
 * values in one.
 *
 * <p>Source: {@code convert_z_image_transformer_checkpoint_to_diffusers} of diffusers 0.42.1.
 */
public final class ZImageLayout {
  private static final List<Integer> QKV = List.of(1, 1, 1);
  private static final List<String> SAME = List.of(
      "attention_norm1",
      "attention_norm2",
      "ffn_norm1",
      "ffn_norm2",
      "feed_forward.w1",
      "feed_forward.w2",
      "feed_forward.w3",
      "adaLN_modulation.0");

  private ZImageLayout() {}

  /**
   * The layout of a transformer with so many blocks over everything and over each alone, without a
   * prefix.
   */
  public static KeyMapping of(int layers, int refiners) {
    TensorTable table = new TensorTable();
    table
        .layer("all_x_embedder.2-1", "x_embedder")
        .layer("all_final_layer.2-1.linear", "final_layer.linear");
    table.layer("all_final_layer.2-1.adaLN_modulation.1", "final_layer.adaLN_modulation.1");
    for (String same :
        List.of("t_embedder.mlp.0", "t_embedder.mlp.2", "cap_embedder.0", "cap_embedder.1")) {
      table.layer(same, same);
    }
    for (String same : List.of("x_pad_token", "cap_pad_token")) {
      table.tensor(same, Place.whole(same));
    }
    blocks(table, "layers.", layers);
    blocks(table, "noise_refiner.", refiners);
    blocks(table, "context_refiner.", refiners);
    return table;
  }

  private static void blocks(TensorTable table, String list, int count) {
    for (int i = 0; i < count; i++) {
      String block = list + i + ".";
      String attention = block + "attention.";
      table.fused(
          attention + "qkv",
          List.of(attention + "to_q", attention + "to_k", attention + "to_v"),
          QKV);
      table.layer(attention + "to_out.0", attention + "out");
      table.tensor(attention + "norm_q.weight", Place.whole(attention + "q_norm.weight"));
      table.tensor(attention + "norm_k.weight", Place.whole(attention + "k_norm.weight"));
      SAME.forEach(same -> table.layer(block + same, block + same));
    }
  }
}
