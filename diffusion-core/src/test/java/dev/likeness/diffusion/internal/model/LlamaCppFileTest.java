package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.family.sd3.Sd3KeyFormat;
import dev.likeness.diffusion.internal.family.zimage.ZImageKeyFormat;
import dev.likeness.diffusion.internal.file.CanonicalTensors;
import dev.likeness.diffusion.internal.file.KeyMapping;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.QwenTokenizer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** GGUF files: text encoders in llama.cpp's naming, and what GGML keeps of shapes. */
@ExtendWith(NoTensorLeaks.class)
class LlamaCppFileTest {
  private static final Map<String, String> T5 = Map.of(
      "encoder.block",
      "enc.blk",
      "encoder.final_layer_norm",
      "enc.output_norm",
      "shared",
      "token_embd",
      "layer.0.layer_norm",
      "attn_norm",
      "layer.1.layer_norm",
      "ffn_norm");
  private static final Map<String, String> T5_LAYERS = Map.of(
      "layer.0.SelfAttention.relative_attention_bias",
      "attn_rel_b",
      "layer.0.SelfAttention.",
      "attn_",
      "layer.1.DenseReluDense.wi_0",
      "ffn_gate",
      "layer.1.DenseReluDense.wi_1",
      "ffn_up",
      "layer.1.DenseReluDense.wi.",
      "ffn_up.",
      "layer.1.DenseReluDense.wo",
      "ffn_down");
  private static final Map<String, String> QWEN = Map.of(
      "model.layers",
      "blk",
      "model.embed_tokens",
      "token_embd",
      "model.norm",
      "output_norm",
      "lm_head",
      "output",
      "input_layernorm",
      "attn_norm",
      "post_attention_layernorm",
      "ffn_norm");
  private static final Map<String, String> QWEN_LAYERS = Map.of(
      "self_attn.o_proj",
      "attn_output",
      "self_attn.q_norm",
      "attn_q_norm",
      "self_attn.k_norm",
      "attn_k_norm",
      "self_attn.q_proj",
      "attn_q",
      "self_attn.k_proj",
      "attn_k",
      "self_attn.v_proj",
      "attn_v",
      "mlp.gate_proj",
      "ffn_gate",
      "mlp.up_proj",
      "ffn_up",
      "mlp.down_proj",
      "ffn_down");

  @TempDir
  private Path folder;

  @Test
  void opensT5() throws IOException {
    assertOpensTheSame(
        "flux/dev",
        "text_encoder_2",
        List.of(T5, T5_LAYERS),
        Set.of(
            "d_model",
            "d_kv",
            "d_ff",
            "num_layers",
            "num_heads",
            "vocab_size",
            "relative_attention_num_buckets",
            "feed_forward_proj"));
  }

  @Test
  void opensALanguageModel() throws IOException {
    assertOpensTheSame(
        "klein/base",
        "text_encoder",
        List.of(QWEN, QWEN_LAYERS),
        Set.of(
            "hidden_size",
            "intermediate_size",
            "num_hidden_layers",
            "num_attention_heads",
            "num_key_value_heads",
            "head_dim",
            "vocab_size"));
  }

  private void assertOpensTheSame(
      String variant, String component, List<Map<String, String>> spellings, Set<String> options)
      throws IOException {
    ModelComponents whole =
        ModelOpener.open(PipelineFolder.write(variant, folder).path());
    Path file = folder.resolve("part.gguf");
    try (TensorScope scope = TensorScope.open();
        TensorSource before = whole.weights(component)) {
      write(file, before, name -> renamed(name, spellings));
      ModelComponents files = whole.with(component, file);
      if (component.endsWith("_2")) {
        files.t5Tokenizer("tokenizer_2").close();
      } else {
        QwenTokenizer.of(files.tokenizerFiles("tokenizer")).close();
      }
      options.forEach(name -> assertEquals(
          whole.config(component).values().get(name),
          files.config(component).values().get(name),
          name));
      try (TensorSource after = files.weights(component)) {
        assertEquals(Set.copyOf(before.names()), Set.copyOf(after.names()));
        before
            .names()
            .forEach(name -> assertTrue(torch.equal(before.read(name), after.read(name)), name));
      }
    }
  }

  /** Such as {@code x_pad_token} and {@code pos_embed}. */
  @Test
  void putsBackTheLeadingOnesOfTransformers() throws IOException {
    assertOpensTheSame("zimage/turbo", ZImageKeyFormat.layout(2, 2));
    assertOpensTheSame("sd3/medium", Sd3KeyFormat.layout(4));
  }

  private void assertOpensTheSame(String variant, KeyMapping layout) throws IOException {
    ModelComponents whole =
        ModelOpener.open(PipelineFolder.write(variant, folder).path());
    Path file = folder.resolve("part.gguf");
    try (TensorScope scope = TensorScope.open();
        TensorSource before = whole.weights("transformer");
        CanonicalTensors.ForeignSource foreign =
            new CanonicalTensors.ForeignSource(whole.weights("transformer"), layout)) {
      write(file, foreign, name -> "model.diffusion_model." + name);
      try (TensorSource after = whole.with("transformer", file).weights("transformer")) {
        before
            .names()
            .forEach(name -> assertTrue(torch.equal(before.read(name), after.read(name)), name));
      }
    }
  }

  private static String renamed(String name, List<Map<String, String>> spellings) {
    String renamed = name;
    for (Map<String, String> spelling : spellings) {
      for (String theirs :
          spelling.keySet().stream().sorted((a, b) -> b.length() - a.length()).toList()) {
        renamed = renamed.replace(theirs, spelling.get(theirs));
      }
    }
    return renamed;
  }

  /** A GGUF file of f32 without metadata; sizes of 1 at the beginning are not kept. */
  private static void write(Path file, TensorSource source, UnaryOperator<String> names)
      throws IOException {
    ByteBuffer head = ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    ByteArrayOutputStream data = new ByteArrayOutputStream();
    head.put("GGUF".getBytes(StandardCharsets.UTF_8))
        .putInt(3)
        .putLong(source.names().size())
        .putLong(0);
    for (String name : source.names()) {
      byte[] text = names.apply(name).getBytes(StandardCharsets.UTF_8);
      long[] shape = source.shape(name);
      while (shape.length > 1 && shape[0] == 1) {
        shape = Arrays.copyOfRange(shape, 1, shape.length);
      }
      head.putLong(text.length).put(text).putInt(shape.length);
      for (int i = shape.length - 1; i >= 0; i--) {
        head.putLong(shape[i]);
      }
      head.putInt(0).putLong(data.size());
      data.writeBytes(bytes(source.read(name)));
      data.writeBytes(new byte[(32 - data.size() % 32) % 32]);
    }
    head.position((head.position() + 31) / 32 * 32);
    byte[] front = new byte[head.position()];
    head.flip().get(front);
    Files.write(file, front);
    Files.write(file, data.toByteArray(), java.nio.file.StandardOpenOption.APPEND);
  }

  private static byte[] bytes(Tensor tensor) {
    Tensor flat = tensor.to(ScalarType.Float).contiguous();
    float[] values = new float[(int) flat.numel()];
    new FloatPointer(flat.data_ptr()).get(values);
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asFloatBuffer().put(values);
    return bytes.array();
  }
}
