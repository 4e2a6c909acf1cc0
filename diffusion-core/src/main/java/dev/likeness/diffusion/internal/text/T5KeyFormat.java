package dev.likeness.diffusion.internal.text;

import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.LlamaCppKeyFormat;
import dev.likeness.diffusion.internal.file.ShapeReader;
import dev.likeness.diffusion.internal.file.TensorNames;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Key formats of a T5 encoder file, and its {@code config.json} from names and shapes. */
public final class T5KeyFormat {
  private static final String FIRST = "encoder.block.0.layer.0.SelfAttention.q.weight";
  private static final String DISTANCES =
      "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight";

  private T5KeyFormat() {}

  /** The key mapping of the T5 encoder below {@code prefix}; null if there is none. */
  public static KeyMapping layout(TensorNames keys, String prefix) {
    if (LlamaCppKeyFormat.isT5(keys, prefix)) {
      return LlamaCppKeyFormat.t5(keys, prefix);
    }
    return keys.has(prefix + FIRST) && keys.has(prefix + DISTANCES)
        ? new T5Layout(!keys.has(prefix + T5Layout.EMBEDDING)).withPrefix(prefix)
        : null;
  }

  /**
   * The options under transformers' names, by canonical names; defaults are those of version 1.1.
   */
  public static Map<String, Object> config(TensorNames keys) {
    ShapeReader shapes = new ShapeReader(keys, "", "T5 encoder");
    String dense = "encoder.block.0.layer.1.DenseReluDense.";
    boolean gated = keys.hasModule(dense + "wi_0") || keys.hasModule(dense + "wi_1");
    int heads = shapes.size(DISTANCES, 1);
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("architectures", List.of("T5EncoderModel"));
    config.put("model_type", "t5");
    config.put("vocab_size", shapes.size(T5Layout.EMBEDDING, 0));
    config.put("d_model", shapes.size(T5Layout.EMBEDDING, 1));
    config.put("d_kv", shapes.size(FIRST, 0) / heads);
    config.put("d_ff", shapes.size(dense + (gated ? "wi_0.weight" : "wi.weight"), 0));
    config.put("num_layers", ShapeReader.Numbered.count(keys, "encoder.block."));
    config.put("num_heads", heads);
    config.put("feed_forward_proj", gated ? "gated-gelu" : "relu");
    config.put("relative_attention_num_buckets", shapes.size(DISTANCES, 0));
    return config;
  }

  /**
   * T5's encoder in transformers' names inside a single file. The embedding may have its second
   * name only.
   */
  public static final class T5Layout implements KeyMapping {
    static final String EMBEDDING = "shared.weight";
    static final String TIED = "encoder.embed_tokens.weight";

    private final boolean tiedAlone;

    /**
     * Creates the mapping.
     *
     * @param tiedAlone true if the embedding is named {@code encoder.embed_tokens.weight} only
     */
    T5Layout(boolean tiedAlone) {
      this.tiedAlone = tiedAlone;
    }

    @Override
    public KeyMapping.Location locate(String canonical) {
      if (canonical.equals(EMBEDDING)) {
        return KeyMapping.Location.whole(tiedAlone ? TIED : EMBEDDING);
      }
      return canonical.startsWith("encoder.") && !canonical.equals(TIED)
          ? KeyMapping.Location.whole(canonical)
          : null;
    }

    @Override
    public List<String> canonicalNames(String foreign) {
      if (foreign.equals(TIED)) {
        return tiedAlone ? List.of(EMBEDDING) : List.of();
      }
      return foreign.equals(EMBEDDING) || foreign.startsWith("encoder.")
          ? List.of(foreign)
          : List.of();
    }
  }
}
