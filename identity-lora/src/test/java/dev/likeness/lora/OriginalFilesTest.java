package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The same difference of one layer of FLUX.1 or Stable Diffusion 3 as each program names it:
 * OneTrainer by its tables of names (modules/util/convert/lora at a44be324), fal, ComfyUI, and
 * XLabs by diffusers' {@code _convert_xlabs_flux_lora_to_diffusers}.
 */
@ExtendWith(NoTensorLeaks.class)
class OriginalFilesTest {
  @TempDir
  private Path folder;

  @ParameterizedTest
  @CsvSource({
    "transformer.double_blocks.0.img_attn.qkv.0, transformer.transformer_blocks.0.attn.to_q",
    "transformer.double_blocks.0.img_attn.qkv.1, transformer.transformer_blocks.0.attn.to_k",
    "transformer.double_blocks.0.img_attn.qkv.2, transformer.transformer_blocks.0.attn.to_v",
    "transformer.double_blocks.0.txt_attn.qkv.0, transformer.transformer_blocks.0.attn.add_q_proj",
    "transformer.double_blocks.0.txt_attn.qkv.2, transformer.transformer_blocks.0.attn.add_v_proj",
    "transformer.double_blocks.0.img_attn.proj, transformer.transformer_blocks.0.attn.to_out.0",
    "transformer.double_blocks.0.txt_mlp.2, transformer.transformer_blocks.0.ff_context.net.2",
    "transformer.single_blocks.0.linear1.1, transformer.single_transformer_blocks.0.attn.to_k",
    "transformer.single_blocks.0.linear1.3, transformer.single_transformer_blocks.0.proj_mlp",
    "transformer.single_blocks.0.linear2, transformer.single_transformer_blocks.0.proj_out",
    "transformer.img_in.proj, transformer.x_embedder",
    "transformer.txt_in, transformer.context_embedder",
    "lora_transformer_single_transformer_blocks_0_attn_to_q, transformer.single_transformer_blocks.0.attn.to_q",
    "lora_transformer_x_embedder, transformer.x_embedder",
    "clip_l.text_model.encoder.layers.0.mlp.fc1, text_encoder.text_model.encoder.layers.0.mlp.fc1",
    "t5.encoder.block.0.layer.0.SelfAttention.q, text_encoder_2.encoder.block.0.layer.0.SelfAttention.q",
    "lora_te2_encoder_block_0_layer_0_SelfAttention_v, text_encoder_2.encoder.block.0.layer.0.SelfAttention.v",
    "lora_te3_encoder_block_0_layer_0_SelfAttention_o, text_encoder_2.encoder.block.0.layer.0.SelfAttention.o",
    "base_model.model.double_blocks.0.img_attn.proj, transformer.transformer_blocks.0.attn.to_out.0",
    "diffusion_model.single_blocks.0.modulation.lin, transformer.single_transformer_blocks.0.norm.linear"
  })
  void changesFluxAsDiffusersNamesDo(String maker, String diffusers) {
    assertSameChange(
        "flux/dev", maker + ".lora_down.weight", maker + ".lora_up.weight", diffusers, "flux1");
  }

  @ParameterizedTest
  @CsvSource({
    "double_blocks.0.processor.proj_lora1, transformer.transformer_blocks.0.attn.to_out.0",
    "double_blocks.0.processor.proj_lora2, transformer.transformer_blocks.0.attn.to_add_out",
    "single_blocks.0.processor.proj_lora, transformer.single_transformer_blocks.0.proj_out"
  })
  void changesFluxAsXlabsNamesDo(String maker, String diffusers) {
    assertSameChange("flux/dev", maker + ".down.weight", maker + ".up.weight", diffusers, "flux1");
  }

  @ParameterizedTest
  @CsvSource({
    "transformer.joint_blocks.0.x_block.attn.qkv.1, transformer.transformer_blocks.0.attn.to_k",
    "transformer.joint_blocks.0.context_block.attn.qkv.0, transformer.transformer_blocks.0.attn.add_q_proj",
    "transformer.joint_blocks.0.x_block.mlp.fc1, transformer.transformer_blocks.0.ff.net.0.proj",
    "clip_g.text_model.encoder.layers.0.self_attn.q_proj, text_encoder_2.text_model.encoder.layers.0.self_attn.q_proj",
    "t5.encoder.block.0.layer.0.SelfAttention.k, text_encoder_3.encoder.block.0.layer.0.SelfAttention.k",
    "lora_te3_encoder_block_0_layer_0_SelfAttention_k, text_encoder_3.encoder.block.0.layer.0.SelfAttention.k"
  })
  void changesStableDiffusion3AsDiffusersNamesDo(String maker, String diffusers) {
    assertSameChange(
        "sd3/three", maker + ".lora_down.weight", maker + ".lora_up.weight", diffusers, "sd3");
  }

  /** OneTrainer exchanges the halves of the last layer's scale and shift, as BFL's own names do. */
  @ParameterizedTest
  @CsvSource({"flux/dev, flux1", "sd3/three, sd3"})
  void exchangesTheHalvesOfTheLastLayer(String variant, String family) {
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, folder).path(), Compute.EXACT)) {
      Map<String, Tensor> factors = factors(base, ModelComponent.TRANSFORMER, "norm_out.linear");
      Tensor up = factors.get("up");
      long half = up.size(0) / 2;
      Tensor exchanged = torch
          .cat(new TensorVector(up.narrow(0, half, half), up.narrow(0, 0, half)), 0)
          .contiguous();
      String stem = "transformer.final_layer.adaLN_modulation.1";
      assertEqual(
          merged(
              base,
              Map.of(
                  "transformer.norm_out.linear.lora_A.weight",
                  factors.get("down"),
                  "transformer.norm_out.linear.lora_B.weight",
                  up),
              family),
          merged(
              base,
              Map.of(
                  stem + ".lora_down.weight",
                  factors.get("down"),
                  stem + ".lora_up.weight",
                  exchanged),
              family));
    }
  }

  private void assertSameChange(
      String variant, String down, String up, String diffusers, String family) {
    int dot = diffusers.indexOf('.');
    ModelComponent component =
        ModelComponent.valueOf(diffusers.substring(0, dot).toUpperCase(Locale.ROOT));
    try (TensorScope scope = TensorScope.open();
        BaseModel base =
            BaseModel.open(PipelineFolder.write(variant, folder).path(), Compute.EXACT)) {
      Map<String, Tensor> factors = factors(base, component, diffusers.substring(dot + 1));
      assertEqual(
          merged(
              base,
              Map.of(
                  diffusers + ".lora_A.weight",
                  factors.get("down"),
                  diffusers + ".lora_B.weight",
                  factors.get("up")),
              family),
          merged(base, Map.of(down, factors.get("down"), up, factors.get("up")), family));
    }
  }

  private static Map<String, Tensor> factors(
      BaseModel base, ModelComponent component, String path) {
    Tensor weight = EngineAccess.model(base).tensor(component, path + ".weight");
    try (NoiseSource noise = NoiseSource.seeded(7L)) {
      return Map.of(
          "down",
          noise.next(2, weight.size(1)).squeeze(0).mul(new Scalar(0.1)),
          "up",
          noise.next(weight.size(0), 2).squeeze(0).mul(new Scalar(0.1)));
    }
  }

  private Map<String, Tensor> merged(BaseModel base, Map<String, Tensor> tensors, String family) {
    Path file = folder.resolve("look.safetensors");
    SafetensorsWriter.write(file, tensors, Map.of("ss_base_model_version", family));
    Map<String, Tensor> copies = new HashMap<>();
    try (Lora lora = Lora.open(file, base);
        FusedLora fused = lora.fuse(1)) {
      assertEquals(
          "[][]",
          lora.inspection().keys().unmatched() + "" + lora.inspection().keys().shapeMismatches());
      fused
          .weights(Compute.EXACT)
          .forEach((component, weights) -> weights.forEach(
              (name, value) -> copies.put(component.folder() + "." + name, value.clone())));
    }
    return copies;
  }

  private static void assertEqual(Map<String, Tensor> expected, Map<String, Tensor> actual) {
    assertEquals(1, expected.size());
    assertEquals(expected.keySet(), actual.keySet());
    expected.forEach((name, value) -> assertTrue(torch.equal(value, actual.get(name)), name));
  }
}
