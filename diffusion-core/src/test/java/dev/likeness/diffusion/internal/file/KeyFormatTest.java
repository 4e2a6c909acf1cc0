package dev.likeness.diffusion.internal.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.internal.family.flux.FluxKeyFormat;
import dev.likeness.diffusion.internal.family.flux2.Flux2KeyFormat;
import dev.likeness.diffusion.internal.family.sd3.Sd3KeyFormat;
import dev.likeness.diffusion.internal.family.zimage.ZImageKeyFormat;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.ClipKeyFormat;
import dev.likeness.diffusion.internal.vae.AutoencoderKeyFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Which rows of which foreign tensor each canonical one is, telling names alone, written down from
 * the conversions of diffusers 0.42.1 ({@code loaders/single_file_utils.py}) rather than from the
 * layouts.
 */
@ExtendWith(NoTensorLeaks.class)
class KeyFormatTest {
  @Test
  void splitsTheRowsOfStableDiffusion3() {
    KeyMapping layout = Sd3KeyFormat.layout(3).withPrefix("model.diffusion_model.");
    String block = "model.diffusion_model.joint_blocks.1.";
    assertRows(
        layout,
        block + "x_block.attn.qkv.weight",
        6,
        Map.of(
            "transformer_blocks.1.attn.to_q.weight",
            rows(0, 2),
            "transformer_blocks.1.attn.to_k.weight",
            rows(2, 4),
            "transformer_blocks.1.attn.to_v.weight",
            rows(4, 6)));
    assertRows(
        layout,
        block + "context_block.attn.qkv.bias",
        6,
        Map.of(
            "transformer_blocks.1.attn.add_q_proj.bias",
            rows(0, 2),
            "transformer_blocks.1.attn.add_k_proj.bias",
            rows(2, 4),
            "transformer_blocks.1.attn.add_v_proj.bias",
            rows(4, 6)));
    assertRows(
        layout,
        block + "x_block.attn2.qkv.weight",
        6,
        Map.of(
            "transformer_blocks.1.attn2.to_q.weight",
            rows(0, 2),
            "transformer_blocks.1.attn2.to_k.weight",
            rows(2, 4),
            "transformer_blocks.1.attn2.to_v.weight",
            rows(4, 6)));
    assertNames(
        layout,
        block,
        Map.of(
            "x_block.attn.ln_k.weight",
            "transformer_blocks.1.attn.norm_k.weight",
            "context_block.attn.ln_q.weight",
            "transformer_blocks.1.attn.norm_added_q.weight",
            "x_block.attn.proj.weight",
            "transformer_blocks.1.attn.to_out.0.weight",
            "context_block.attn.proj.weight",
            "transformer_blocks.1.attn.to_add_out.weight",
            "x_block.mlp.fc2.weight",
            "transformer_blocks.1.ff.net.2.weight",
            "context_block.mlp.fc1.weight",
            "transformer_blocks.1.ff_context.net.0.proj.weight"));
    assertNames(
        layout,
        "model.diffusion_model.",
        Map.of(
            "t_embedder.mlp.2.weight",
            "time_text_embed.timestep_embedder.linear_2.weight",
            "y_embedder.mlp.0.weight",
            "time_text_embed.text_embedder.linear_1.weight",
            "x_embedder.proj.weight",
            "pos_embed.proj.weight",
            "pos_embed",
            "pos_embed.pos_embed"));
  }

  /**
   * Shift and scale change places where diffusers' norm is the continuous one: at the end, and in
   * the last block's text.
   */
  @Test
  void exchangesShiftAndScaleOfStableDiffusion3OnlyWhereNothingFollows() {
    KeyMapping layout = Sd3KeyFormat.layout(3);
    assertRows(
        layout,
        "final_layer.adaLN_modulation.1.weight",
        4,
        Map.of("norm_out.linear.weight", new float[] {2, 3, 0, 1}));
    assertRows(
        layout,
        "final_layer.adaLN_modulation.1.bias",
        4,
        Map.of("norm_out.linear.bias", new float[] {2, 3, 0, 1}));
    assertRows(
        layout,
        "joint_blocks.2.context_block.adaLN_modulation.1.weight",
        4,
        Map.of("transformer_blocks.2.norm1_context.linear.weight", new float[] {2, 3, 0, 1}));
    assertRows(
        layout,
        "joint_blocks.1.context_block.adaLN_modulation.1.weight",
        6,
        Map.of("transformer_blocks.1.norm1_context.linear.weight", rows(0, 6)));
    assertRows(
        layout,
        "joint_blocks.2.x_block.adaLN_modulation.1.weight",
        6,
        Map.of("transformer_blocks.2.norm1.linear.weight", rows(0, 6)));
  }

  @Test
  void splitsTheRowsOfFlux() {
    KeyMapping layout = FluxKeyFormat.layout(2, 2);
    assertRows(
        layout,
        "double_blocks.1.img_attn.qkv.weight",
        6,
        Map.of(
            "transformer_blocks.1.attn.to_q.weight",
            rows(0, 2),
            "transformer_blocks.1.attn.to_k.weight",
            rows(2, 4),
            "transformer_blocks.1.attn.to_v.weight",
            rows(4, 6)));
    assertRows(
        layout,
        "double_blocks.1.txt_attn.qkv.bias",
        6,
        Map.of(
            "transformer_blocks.1.attn.add_q_proj.bias",
            rows(0, 2),
            "transformer_blocks.1.attn.add_k_proj.bias",
            rows(2, 4),
            "transformer_blocks.1.attn.add_v_proj.bias",
            rows(4, 6)));
    assertRows(
        layout,
        "single_blocks.1.linear1.weight",
        14,
        Map.of(
            "single_transformer_blocks.1.attn.to_q.weight",
            rows(0, 2),
            "single_transformer_blocks.1.attn.to_k.weight",
            rows(2, 4),
            "single_transformer_blocks.1.attn.to_v.weight",
            rows(4, 6),
            "single_transformer_blocks.1.proj_mlp.weight",
            rows(6, 14)));
    assertRows(
        layout,
        "final_layer.adaLN_modulation.1.weight",
        4,
        Map.of("norm_out.linear.weight", new float[] {2, 3, 0, 1}));
    assertRows(
        layout,
        "single_blocks.1.modulation.lin.weight",
        6,
        Map.of("single_transformer_blocks.1.norm.linear.weight", rows(0, 6)));
    assertNames(
        layout,
        "",
        Map.of(
            "time_in.in_layer.weight",
            "time_text_embed.timestep_embedder.linear_1.weight",
            "vector_in.out_layer.weight",
            "time_text_embed.text_embedder.linear_2.weight",
            "guidance_in.in_layer.weight",
            "time_text_embed.guidance_embedder.linear_1.weight",
            "txt_in.weight",
            "context_embedder.weight",
            "img_in.weight",
            "x_embedder.weight",
            "double_blocks.1.img_mod.lin.weight",
            "transformer_blocks.1.norm1.linear.weight",
            "double_blocks.1.txt_mlp.2.weight",
            "transformer_blocks.1.ff_context.net.2.weight",
            "double_blocks.1.txt_attn.norm.key_norm.scale",
            "transformer_blocks.1.attn.norm_added_k.weight",
            "single_blocks.1.norm.query_norm.scale",
            "single_transformer_blocks.1.attn.norm_q.weight",
            "single_blocks.1.linear2.weight",
            "single_transformer_blocks.1.proj_out.weight"));
  }

  /** diffusers keeps the single blocks' queries, keys, values and MLP in one, as the files do. */
  @Test
  void splitsTheRowsOfFlux2ButNotOfItsSingleBlocks() {
    KeyMapping layout = Flux2KeyFormat.layout(2, 2);
    assertRows(
        layout,
        "double_blocks.1.txt_attn.qkv.weight",
        6,
        Map.of(
            "transformer_blocks.1.attn.add_q_proj.weight",
            rows(0, 2),
            "transformer_blocks.1.attn.add_k_proj.weight",
            rows(2, 4),
            "transformer_blocks.1.attn.add_v_proj.weight",
            rows(4, 6)));
    assertRows(
        layout,
        "single_blocks.1.linear1.weight",
        18,
        Map.of("single_transformer_blocks.1.attn.to_qkv_mlp_proj.weight", rows(0, 18)));
    assertRows(
        layout,
        "final_layer.adaLN_modulation.1.weight",
        4,
        Map.of("norm_out.linear.weight", new float[] {2, 3, 0, 1}));
    assertRows(
        layout,
        "double_stream_modulation_img.lin.weight",
        6,
        Map.of("double_stream_modulation_img.linear.weight", rows(0, 6)));
    assertNames(
        layout,
        "",
        Map.of(
            "time_in.out_layer.weight",
            "time_guidance_embed.timestep_embedder.linear_2.weight",
            "guidance_in.in_layer.weight",
            "time_guidance_embed.guidance_embedder.linear_1.weight",
            "double_blocks.1.img_mlp.0.weight",
            "transformer_blocks.1.ff.linear_in.weight",
            "double_blocks.1.txt_mlp.2.weight",
            "transformer_blocks.1.ff_context.linear_out.weight",
            "double_blocks.1.img_attn.norm.query_norm.scale",
            "transformer_blocks.1.attn.norm_q.weight",
            "double_blocks.1.txt_attn.proj.weight",
            "transformer_blocks.1.attn.to_add_out.weight",
            "single_blocks.1.norm.key_norm.scale",
            "single_transformer_blocks.1.attn.norm_k.weight",
            "single_blocks.1.linear2.weight",
            "single_transformer_blocks.1.attn.to_out.weight"));
  }

  /** Z-Image's last norm has a scale alone, so nothing changes places. */
  @Test
  void splitsTheRowsOfZImage() {
    KeyMapping layout = ZImageKeyFormat.layout(2, 2).withPrefix("model.diffusion_model.");
    String own = "model.diffusion_model.";
    for (String block : List.of("layers.1.", "noise_refiner.1.", "context_refiner.1.")) {
      assertRows(
          layout,
          own + block + "attention.qkv.weight",
          6,
          Map.of(
              block + "attention.to_q.weight",
              rows(0, 2),
              block + "attention.to_k.weight",
              rows(2, 4),
              block + "attention.to_v.weight",
              rows(4, 6)));
    }
    assertRows(
        layout,
        own + "final_layer.adaLN_modulation.1.weight",
        4,
        Map.of("all_final_layer.2-1.adaLN_modulation.1.weight", rows(0, 4)));
    assertNames(
        layout,
        own,
        Map.of(
            "x_embedder.weight",
            "all_x_embedder.2-1.weight",
            "layers.1.attention.out.weight",
            "layers.1.attention.to_out.0.weight",
            "layers.1.attention.q_norm.weight",
            "layers.1.attention.norm_q.weight",
            "layers.1.attention.k_norm.weight",
            "layers.1.attention.norm_k.weight",
            "layers.1.feed_forward.w3.weight",
            "layers.1.feed_forward.w3.weight"));
  }

  /**
   * Latent diffusion counts the decoder's resolutions from the outside in, diffusers in the order
   * that they run.
   */
  @Test
  void countsTheDecodersResolutionsFromTheOtherEnd() {
    KeyMapping layout =
        AutoencoderKeyFormat.AutoencoderLayout.of(4, 3).withPrefix("first_stage_model.");
    assertNames(
        layout,
        "first_stage_model.",
        Map.of(
            "decoder.up.3.block.0.conv1.weight", "decoder.up_blocks.0.resnets.0.conv1.weight",
            "decoder.up.0.block.2.norm2.weight", "decoder.up_blocks.3.resnets.2.norm2.weight",
            "decoder.up.3.upsample.conv.weight", "decoder.up_blocks.0.upsamplers.0.conv.weight",
            "decoder.up.1.block.0.nin_shortcut.weight",
                "decoder.up_blocks.2.resnets.0.conv_shortcut.weight",
            "encoder.down.3.block.1.conv2.weight", "encoder.down_blocks.3.resnets.1.conv2.weight",
            "encoder.down.2.downsample.conv.weight",
                "encoder.down_blocks.2.downsamplers.0.conv.weight",
            "decoder.mid.block_2.conv1.weight", "decoder.mid_block.resnets.1.conv1.weight"));
  }

  @Test
  void readsTheAutoencodersAttentionAsMatrices() {
    KeyMapping layout = AutoencoderKeyFormat.AutoencoderLayout.of(4, 3);
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> file = Map.of(
          "decoder.mid.attn_1.proj_out.weight", torch.arange(new Scalar(6)).view(3, 2, 1, 1));
      try (CanonicalTensors.CanonicalSource read =
          new CanonicalTensors.CanonicalSource(new TensorSource.MemoryTensors(file), layout)) {
        Tensor matrix = read.read("decoder.mid_block.attentions.0.to_out.0.weight");
        assertArrayEquals(new long[] {3, 2}, matrix.shape());
        assertArrayEquals(rows(0, 6), ImageTensors.floats(matrix.to(torch.ScalarType.Float)));
      }
    }
  }

  /**
   * OpenCLIP multiplies from the other side: its projection is diffusers' turned, and no other
   * matrix is.
   */
  @Test
  void splitsOpenClipsRowsAndTurnsItsProjection() {
    KeyMapping layout = ClipKeyFormat.outputLayout(true, true, "conditioner.embedders.1.");
    String layer = "conditioner.embedders.1.model.transformer.resblocks.7.";
    String here = "text_model.encoder.layers.7.";
    assertRows(
        layout,
        layer + "attn.in_proj_weight",
        6,
        Map.of(
            here + "self_attn.q_proj.weight",
            rows(0, 2),
            here + "self_attn.k_proj.weight",
            rows(2, 4),
            here + "self_attn.v_proj.weight",
            rows(4, 6)));
    assertNames(
        layout,
        layer,
        Map.of(
            "mlp.c_fc.weight",
            here + "mlp.fc1.weight",
            "mlp.c_proj.weight",
            here + "mlp.fc2.weight",
            "ln_2.weight",
            here + "layer_norm2.weight"));
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> file = Map.of(
          "conditioner.embedders.1.model.text_projection",
          torch.arange(new Scalar(6)).view(3, 2));
      try (CanonicalTensors.CanonicalSource read =
          new CanonicalTensors.CanonicalSource(new TensorSource.MemoryTensors(file), layout)) {
        assertArrayEquals(
            new float[] {0, 2, 4, 1, 3, 5},
            ImageTensors.floats(read.read("text_projection.weight").to(torch.ScalarType.Float)));
      }
    }
  }

  /**
   * stable-diffusion.cpp renames OpenCLIP's tensors and keeps their forms; older ones had parted
   * queries, keys and values.
   */
  @Test
  void readsOpenClipUnderTransformersNames() {
    String own = "cond_stage_model.1.transformer.text_model.";
    Map<String, long[]> list = Map.of(
        own + "embeddings.token_embedding.weight",
        new long[] {9, 4},
        own + "text_projection",
        new long[] {3, 2},
        own + "encoder.layers.0.self_attn.in_proj.weight",
        new long[] {6, 2});
    KeyMapping layout =
        ClipKeyFormat.layout(new KeyList("a list", list), "cond_stage_model.1.", 5, true);
    String here = "text_model.encoder.layers.4.";
    assertRows(
        layout,
        own + "encoder.layers.4.self_attn.in_proj.weight",
        6,
        Map.of(
            here + "self_attn.q_proj.weight",
            rows(0, 2),
            here + "self_attn.k_proj.weight",
            rows(2, 4),
            here + "self_attn.v_proj.weight",
            rows(4, 6)));
    assertNames(layout, own, Map.of("encoder.layers.4.mlp.fc1.weight", here + "mlp.fc1.weight"));
    assertRows(layout, own + "encoder.layers.5.mlp.fc1.weight", 2, Map.of());
    assertArrayEquals(
        new long[] {2, 3},
        new CanonicalTensors(new KeyList("a list", list), layout).shape("text_projection.weight"));
  }

  private static float[] rows(int from, int to) {
    float[] rows = new float[to - from];
    IntStream.range(from, to).forEach(row -> rows[row - from] = row);
    return rows;
  }

  /**
   * Reads {@code foreign}, whose {@code count} rows hold their own numbers, and expects
   * {@code canonical} and nothing else.
   */
  private static void assertRows(
      KeyMapping layout, String foreign, int count, Map<String, float[]> canonical) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> file =
          Map.of(foreign, torch.arange(new Scalar(count)).to(torch.ScalarType.Float));
      try (CanonicalTensors.CanonicalSource read =
          new CanonicalTensors.CanonicalSource(new TensorSource.MemoryTensors(file), layout)) {
        assertEquals(canonical.keySet(), read.names(), foreign);
        canonical.forEach(
            (name, rows) -> assertArrayEquals(rows, ImageTensors.floats(read.read(name)), name));
      }
    }
  }

  private static void assertNames(KeyMapping layout, String prefix, Map<String, String> canonical) {
    canonical.forEach(
        (foreign, name) -> assertRows(layout, prefix + foreign, 2, Map.of(name, rows(0, 2))));
  }
}
