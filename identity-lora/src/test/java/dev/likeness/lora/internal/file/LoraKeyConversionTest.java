package dev.likeness.lora.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.KeyList;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.material.Material;
import dev.likeness.lora.file.LoraInspection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Published lists of FLUX.1 LoRAs' keys on a transformer of its size: shapes only. */
class LoraKeyConversionTest {
  private static final int WIDTH = 3072;

  static LayerTable flux(int inputs) {
    Map<String, long[]> t = new LinkedHashMap<>();
    linear(t, "x_embedder", WIDTH, inputs);
    linear(t, "context_embedder", WIDTH, 4096);
    for (String part :
        List.of("timestep_embedder 256", "guidance_embedder 256", "text_embedder 768")) {
      String[] words = part.split(" ");
      linear(t, "time_text_embed." + words[0] + ".linear_1", WIDTH, Integer.parseInt(words[1]));
      linear(t, "time_text_embed." + words[0] + ".linear_2", WIDTH, WIDTH);
    }
    for (int i = 0; i < 19; i++) {
      String at = "transformer_blocks." + i + ".";
      for (String name : List.of(
          "to_q",
          "to_k",
          "to_v",
          "add_q_proj",
          "add_k_proj",
          "add_v_proj",
          "to_out.0",
          "to_add_out")) {
        linear(t, at + "attn." + name, WIDTH, WIDTH);
      }
      for (String norm : List.of("norm_q", "norm_k", "norm_added_q", "norm_added_k")) {
        t.put(at + "attn." + norm + ".weight", new long[] {128});
      }
      for (String side : List.of("", "_context")) {
        linear(t, at + "ff" + side + ".net.0.proj", 4 * WIDTH, WIDTH);
        linear(t, at + "ff" + side + ".net.2", WIDTH, 4 * WIDTH);
        linear(t, at + "norm1" + side + ".linear", 6 * WIDTH, WIDTH);
      }
    }
    for (int i = 0; i < 38; i++) {
      String at = "single_transformer_blocks." + i + ".";
      for (String name : List.of("to_q", "to_k", "to_v")) {
        linear(t, at + "attn." + name, WIDTH, WIDTH);
      }
      t.put(at + "attn.norm_q.weight", new long[] {128});
      t.put(at + "attn.norm_k.weight", new long[] {128});
      linear(t, at + "proj_mlp", 4 * WIDTH, WIDTH);
      linear(t, at + "proj_out", WIDTH, 5 * WIDTH);
      linear(t, at + "norm.linear", 3 * WIDTH, WIDTH);
    }
    linear(t, "proj_out", 64, WIDTH);
    linear(t, "norm_out.linear", 2 * WIDTH, WIDTH);
    return LayerTable.of(FamilyRegistry.FLUX, Map.of(ModelComponent.TRANSFORMER, t));
  }

  private static void linear(Map<String, long[]> tensors, String path, long out, long in) {
    tensors.put(path + ".weight", new long[] {out, in});
    tensors.put(path + ".bias", new long[] {out});
  }

  @ParameterizedTest
  @CsvSource({
    "flux_control, 128, 560, 128",
    "flux_lora_aitoolkit, 64, 380, 16",
    "flux_lora_diffusers, 64, 494, 32",
    "flux_lora_kohya, 64, 456, 16"
  })
  void matchesEveryKeyOfThePublishedLists(String name, int inputs, int layers, int rank)
      throws IOException {
    Path list = Material.of(
        "keys/flux-lora/" + name + (name.endsWith("control") ? "_lora" : "") + "_format.json");
    Map<?, ?> data = (Map<?, ?>) JSON.std.mapFrom(Files.readString(list)).get("data");
    Map<String, long[]> shapes = GoldenFolder.shapes((Map<?, ?>) data.get("state_dict_keys"));
    LayerTable table = flux(inputs);
    LoraInspection report = LoraReader.of(new KeyList("a list", shapes), Map.of(), table)
        .inspect(AdapterConfig.of(Map.of(), Path.of("f")));
    assertEquals(List.of(), report.keys().unmatched());
    assertEquals(List.of(), report.keys().shapeMismatches());
    assertEquals(List.of(), report.keys().incomplete());
    assertEquals("flux", report.family());
    assertEquals(rank, report.rank());
    assertEquals("flux", table.kind());
    assertTrue(report.layers() >= layers, report.layers() + " layers");
  }

  @Test
  void splitsOneMatrixIntoTheRowsOfSeveral() {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(2L)) {
      Tensor up = noise.next(28, 2).squeeze(0);
      Tensor last = noise.next(8, 2).squeeze(0);
      Map<String, long[]> shapes = new HashMap<>();
      shapes.put("lora_unet_single_blocks_3_linear1.lora_up.weight", new long[] {28, 2});
      shapes.put("lora_unet_single_blocks_3_linear1.lora_down.weight", new long[] {2, 4});
      shapes.put("lora_unet_final_layer_adaLN_modulation_1.lora_up.weight", new long[] {8, 2});
      shapes.put("double_blocks.1.processor.qkv_lora2.up.weight", new long[] {12, 2});
      LoraKeyConversion keys = LoraKeyConversion.of(
          new KeyList("a list", shapes) {
            @Override
            public Tensor read(String name) {
              return name.contains("final") ? last : up;
            }
          },
          OriginalLayerNames.of("flux", flux(64)),
          ModelComponent.TRANSFORMER,
          flux(64));
      String at = "transformer.single_transformer_blocks.3.";
      assertTrue(torch.equal(up.narrow(0, 4, 4), keys.read(at + "attn.to_k.lora_up.weight")));
      assertTrue(torch.equal(up.narrow(0, 12, 16), keys.read(at + "proj_mlp.lora_up.weight")));
      assertEquals(16, keys.shape(at + "proj_mlp.lora_up.weight")[0]);
      assertEquals(2, keys.shape(at + "attn.to_v.lora_down.weight")[0]);
      Tensor swapped = keys.read("transformer.norm_out.linear.lora_up.weight");
      assertTrue(torch.equal(last.narrow(0, 4, 4), swapped.narrow(0, 0, 4)));
      assertTrue(torch.equal(last.narrow(0, 0, 4), swapped.narrow(0, 4, 4)));
      assertEquals(
          4, keys.shape("transformer.transformer_blocks.1.attn.add_v_proj.lora_up.weight")[0]);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "transformer_blocks.0.attn.to_q, 3072, flux",
    "transformer_blocks.0.attn.add_k_proj, 3072, flux",
    "transformer_blocks.18.ff_context.net.0.proj, 3072, flux",
    "transformer_blocks.0.attn.to_q, 1536, sd3",
    "transformer_blocks.37.norm1_context.linear, 2432, sd3",
    "transformer_blocks.23.attn.to_q, 64, sd3",
    "transformer_blocks.59.attn.to_q, 3072, qwen-image",
    "transformer_blocks.0.img_mlp.net.2, 64, qwen-image",
    "double_blocks.0.img_mlp.0, 3072, flux",
    "transformer_blocks.0.attn2.to_q, 64, sd3",
    "transformer_blocks.0.attn.to_q, 64, unknown"
  })
  void distinguishesTransformersWithTheSameBlockNames(String layer, long width, String family) {
    Map<String, long[]> shapes = Map.of(
        "transformer." + layer + ".lora_A.weight",
        new long[] {4, width},
        "transformer." + layer + ".lora_B.weight",
        new long[] {width, 4});
    KeyList keys = new KeyList("a list", shapes);
    assertEquals(family, LoraFamilyDetector.of(keys, Map.of()));
    if (family.equals("unknown")) {
      assertEquals("flux", LoraFamilyDetector.of(keys, Map.of("ss_base_model_version", "flux1")));
      assertEquals("sd3", LoraFamilyDetector.of(keys, Map.of(), "sd3"));
      assertEquals(
          "sd3",
          LoraFamilyDetector.of(
              keys, Map.of("modelspec.architecture", "stable-diffusion-3-medium/lora")));
      assertEquals("flux2", LoraFamilyDetector.of(keys, Map.of(), "flux2"));
    }
  }

  /** The names that two families share are told apart by widths under every prefix. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "transformer.",
        "diffusion_model.",
        "base_model.model.",
        "transformer.base_model.model.",
        "dit.",
        "pipe.dit.",
        "lora_unet_",
        "lora_unet__",
        "lora_transformer_",
        "lora_transformer__",
        "lycoris_"
      })
  void detectsTheFamilyUnderEveryPrefix(String prefix) {
    Map<String, String> families = Map.of(
        "transformer_blocks.0.attn.to_q 3072", "flux",
        "transformer_blocks.0.attn.to_q 1536", "sd3",
        "transformer_blocks.23.attn.to_q 64", "sd3",
        "transformer_blocks.59.attn.to_q 3072", "qwen-image",
        "transformer_blocks.0.attn1.to_q 3072", "unknown",
        "layers.0.attention.to_q 64", "z-image",
        "double_blocks.0.img_attn.proj 64", "flux");
    families.forEach((layer, family) -> {
      String[] words = layer.split(" ");
      long width = Long.parseLong(words[1]);
      String name = prefix + (prefix.endsWith("_") ? words[0].replace('.', '_') : words[0]);
      KeyList keys = new KeyList(
          "a list",
          Map.of(
              name + ".lora_down.weight", new long[] {4, width},
              name + ".lora_up.weight", new long[] {width, 4}));
      assertEquals(family, LoraFamilyDetector.of(keys, Map.of()), name);
    });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "lora_te2_text_model_encoder_layers_0_mlp_fc1.lora_down.weight",
        "text_encoder_2.text_model.encoder.layers.0.mlp.fc1.lora_A.weight",
        "text_encoders.clip_g.transformer.x.lora_A.weight"
      })
  void assignsTextEncoderKeysToTheBase(String key) {
    KeyList textEncoders =
        new KeyList("a list", Map.of(key, new long[] {4, 1280}, "lora_te1_x.alpha", new long[0]));
    assertEquals("sd3", LoraFamilyDetector.of(textEncoders, Map.of(), "sd3"));
    assertEquals("sdxl", LoraFamilyDetector.of(textEncoders, Map.of(), "sd1"));
    assertEquals(
        "sdxl",
        LoraFamilyDetector.of(
            textEncoders, Map.of("ss_base_model_version", "sdxl_base_v1-0"), "sd3"));
    KeyList more = new KeyList(
        "a list", Map.of(key, new long[] {4, 1280}, "lora_unet_mid_block_x.alpha", new long[0]));
    assertEquals("sdxl", LoraFamilyDetector.of(more, Map.of(), "sd3"));
  }
}
