package dev.likeness.diffusion.internal.file;

import java.util.Map;

/**
 * The key format of llama.cpp for text encoders in GGUF files. Matrices are stored as in
 * transformers.
 *
 * <p>Source: {@code TensorNameMap} of ggml-org/llama.cpp {@code gguf-py/gguf/tensor_mapping.py}.
 */
public final class LlamaCppKeyFormat {
  private static final String T5_BLOCK = "enc.blk.";
  private static final String QWEN_BLOCK = "blk.";
  private static final String EMBEDDING = "token_embd";
  private static final String T5_DENSE = "layer.1.DenseReluDense.";
  private static final Map<String, String> T5 = Map.of(
      "attn_q",
      "layer.0.SelfAttention.q",
      "attn_k",
      "layer.0.SelfAttention.k",
      "attn_v",
      "layer.0.SelfAttention.v",
      "attn_o",
      "layer.0.SelfAttention.o",
      "attn_norm",
      "layer.0.layer_norm",
      "ffn_norm",
      "layer.1.layer_norm",
      "ffn_down",
      T5_DENSE + "wo");
  private static final Map<String, String> QWEN3 = Map.ofEntries(
      Map.entry("attn_q", "self_attn.q_proj"),
      Map.entry("attn_k", "self_attn.k_proj"),
      Map.entry("attn_v", "self_attn.v_proj"),
      Map.entry("attn_output", "self_attn.o_proj"),
      Map.entry("attn_q_norm", "self_attn.q_norm"),
      Map.entry("attn_k_norm", "self_attn.k_norm"),
      Map.entry("attn_norm", "input_layernorm"),
      Map.entry("ffn_norm", "post_attention_layernorm"),
      Map.entry("ffn_gate", "mlp.gate_proj"),
      Map.entry("ffn_up", "mlp.up_proj"),
      Map.entry("ffn_down", "mlp.down_proj"));

  private LlamaCppKeyFormat() {}

  public static boolean isT5(TensorNames keys, String prefix) {
    return keys.has(prefix + T5_BLOCK + "0.attn_q.weight")
        && keys.has(prefix + T5_BLOCK + "0.attn_rel_b.weight");
  }

  public static boolean isQwen3(TensorNames keys, String prefix) {
    return keys.has(prefix + QWEN_BLOCK + "0.attn_q_norm.weight")
        && keys.has(prefix + EMBEDDING + ".weight");
  }

  /** Returns the key mapping of a T5 encoder; the feed-forward of T5 1.1 has a gate. */
  public static KeyMapping t5(TensorNames keys, String prefix) {
    TensorTable table = new TensorTable()
        .addLayer("shared", EMBEDDING)
        .addLayer("encoder.final_layer_norm", "enc.output_norm")
        .addLayer(
            "encoder.block.0.layer.0.SelfAttention.relative_attention_bias",
            T5_BLOCK + "0.attn_rel_b");
    boolean gated = keys.has(prefix + T5_BLOCK + "0.ffn_gate.weight");
    for (int i = 0; i < ShapeReader.Numbered.count(keys, prefix + T5_BLOCK); i++) {
      String own = "encoder.block." + i + ".";
      String foreign = T5_BLOCK + i + ".";
      T5.forEach((theirs, ours) -> table.addLayer(own + ours, foreign + theirs));
      table.addLayer(own + T5_DENSE + (gated ? "wi_1" : "wi"), foreign + "ffn_up");
      if (gated) {
        table.addLayer(own + T5_DENSE + "wi_0", foreign + "ffn_gate");
      }
    }
    return table.withPrefix(prefix);
  }

  /** Returns the key mapping of a Qwen3 language model. */
  public static KeyMapping qwen3(TensorNames keys, String prefix) {
    TensorTable table = new TensorTable()
        .addLayer("model.embed_tokens", EMBEDDING)
        .addLayer("model.norm", "output_norm")
        .addLayer("lm_head", "output");
    for (int i = 0; i < ShapeReader.Numbered.count(keys, prefix + QWEN_BLOCK); i++) {
      String own = "model.layers." + i + ".";
      String foreign = QWEN_BLOCK + i + ".";
      QWEN3.forEach((theirs, ours) -> table.addLayer(own + ours, foreign + theirs));
    }
    return table.withPrefix(prefix);
  }
}
