package dev.likeness.diffusion.internal.family.sd3;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.Place;
import dev.likeness.diffusion.internal.file.TensorTable;
import java.util.List;

/**
 * Stable Diffusion 3's transformer as Stability's own code names it.
 *
 * <p>Source: {@code mmditx.py} of Stability-AI/sd3.5.
 */
public final class Sd3Layout {
  private static final List<Integer> QKV = List.of(1, 1, 1);

  private Sd3Layout() {}

  /** The layout of a transformer with so many blocks, without a prefix. */
  public static KeyMapping of(int layers) {
    TensorTable table = new TensorTable();
    table.tensor("pos_embed.pos_embed", Place.whole("pos_embed"));
    table.layer("pos_embed.proj", "x_embedder.proj").layer("context_embedder", "context_embedder");
    embedder(table, "timestep_embedder", "t_embedder");
    embedder(table, "text_embedder", "y_embedder");
    table.layer("proj_out", "final_layer.linear");
    table.layer("norm_out.linear", "final_layer.adaLN_modulation.1", Place.Form.HALVES_EXCHANGED);
    for (int i = 0; i < layers; i++) {
      block(table, "transformer_blocks." + i + ".", "joint_blocks." + i + ".", i == layers - 1);
    }
    return table;
  }

  private static void embedder(TensorTable table, String canonical, String foreign) {
    table.layer("time_text_embed." + canonical + ".linear_1", foreign + ".mlp.0");
    table.layer("time_text_embed." + canonical + ".linear_2", foreign + ".mlp.2");
  }

  private static void block(TensorTable table, String here, String there, boolean last) {
    String image = there + "x_block.";
    String text = there + "context_block.";
    table.layer(here + "norm1.linear", image + "adaLN_modulation.1");
    table.layer(
        here + "norm1_context.linear",
        text + "adaLN_modulation.1",
        last ? Place.Form.HALVES_EXCHANGED : Place.Form.SAME);
    attention(table, here + "attn.", image + "attn.");
    attention(table, here + "attn2.", image + "attn2.");
    table.fused(
        text + "attn.qkv",
        List.of(here + "attn.add_q_proj", here + "attn.add_k_proj", here + "attn.add_v_proj"),
        QKV);
    table.tensor(here + "attn.norm_added_q.weight", Place.whole(text + "attn.ln_q.weight"));
    table.tensor(here + "attn.norm_added_k.weight", Place.whole(text + "attn.ln_k.weight"));
    table.layer(here + "attn.to_add_out", text + "attn.proj");
    table
        .layer(here + "ff.net.0.proj", image + "mlp.fc1")
        .layer(here + "ff.net.2", image + "mlp.fc2");
    table
        .layer(here + "ff_context.net.0.proj", text + "mlp.fc1")
        .layer(here + "ff_context.net.2", text + "mlp.fc2");
  }

  private static void attention(TensorTable table, String here, String there) {
    table.fused(there + "qkv", List.of(here + "to_q", here + "to_k", here + "to_v"), QKV);
    table.tensor(here + "norm_q.weight", Place.whole(there + "ln_q.weight"));
    table.tensor(here + "norm_k.weight", Place.whole(there + "ln_k.weight"));
    table.layer(here + "to_out.0", there + "proj");
  }
}
