package dev.likeness.diffusion.internal.family.flux2;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.Place;
import dev.likeness.diffusion.internal.file.TensorTable;
import java.util.List;

/**
 * FLUX.2's transformer as Black Forest Labs' own code names it.
 *
 * <p>Source: {@code convert_flux2_transformer_checkpoint_to_diffusers} of diffusers 0.42.1.
 */
public final class Flux2Layout {
  private static final List<Integer> QKV = List.of(1, 1, 1);

  private Flux2Layout() {}

  /** The layout of a transformer with so many double and single blocks, without a prefix. */
  public static KeyMapping of(int layers, int singleLayers) {
    TensorTable table = new TensorTable();
    for (String embedder : List.of("time", "guidance")) {
      String here = "time_guidance_embed." + (embedder.equals("time") ? "timestep" : embedder)
          + "_embedder.linear_";
      table.layer(here + 1, embedder + "_in.in_layer").layer(here + 2, embedder + "_in.out_layer");
    }
    for (String modulation : List.of(
        "double_stream_modulation_img",
        "double_stream_modulation_txt",
        "single_stream_modulation")) {
      table.layer(modulation + ".linear", modulation + ".lin");
    }
    table
        .layer("context_embedder", "txt_in")
        .layer("x_embedder", "img_in")
        .layer("proj_out", "final_layer.linear");
    table.layer("norm_out.linear", "final_layer.adaLN_modulation.1", Place.Form.HALVES_EXCHANGED);
    for (int i = 0; i < layers; i++) {
      stream(table, "transformer_blocks." + i + ".", "double_blocks." + i + ".img_", "", "ff");
      stream(
          table,
          "transformer_blocks." + i + ".",
          "double_blocks." + i + ".txt_",
          "added_",
          "ff_context");
    }
    for (int i = 0; i < singleLayers; i++) {
      String here = "single_transformer_blocks." + i + ".attn.";
      String there = "single_blocks." + i + ".";
      table
          .layer(here + "to_qkv_mlp_proj", there + "linear1")
          .layer(here + "to_out", there + "linear2");
      norms(table, here, there + "norm.", "");
    }
    return table;
  }

  private static void stream(
      TensorTable table, String here, String there, String added, String ff) {
    String attention = here + "attn.";
    table.fused(
        there + "attn.qkv",
        added.isEmpty()
            ? List.of(attention + "to_q", attention + "to_k", attention + "to_v")
            : List.of(attention + "add_q_proj", attention + "add_k_proj", attention + "add_v_proj"),
        QKV);
    norms(table, attention, there + "attn.norm.", added);
    table.layer(attention + (added.isEmpty() ? "to_out.0" : "to_add_out"), there + "attn.proj");
    table
        .layer(here + ff + ".linear_in", there + "mlp.0")
        .layer(here + ff + ".linear_out", there + "mlp.2");
  }

  private static void norms(TensorTable table, String here, String there, String added) {
    table.tensor(here + "norm_" + added + "q.weight", Place.whole(there + "query_norm.scale"));
    table.tensor(here + "norm_" + added + "k.weight", Place.whole(there + "key_norm.scale"));
  }
}
