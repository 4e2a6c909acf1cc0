package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
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
import dev.likeness.lora.internal.algorithm.DoraDelta;
import dev.likeness.lora.internal.algorithm.GloraDelta;
import dev.likeness.lora.internal.algorithm.LokrDelta;
import dev.likeness.lora.internal.algorithm.LoraDelta;
import dev.likeness.lora.internal.algorithm.OftDelta;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Layers that are one in a file and several in the model: the same difference, said outright and by
 * every kind's factors.
 */
@ExtendWith(NoTensorLeaks.class)
class FusedLayersTest {
  private static final String BOTH = "transformer_blocks.0.attn.";
  private static final String SINGLE = "single_transformer_blocks.0.";

  private static BaseModel base;

  @TempDir
  private Path folder;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = BaseModel.open(PipelineFolder.write("flux/dev", parent).path(), Compute.EXACT);
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  private static List<String> parts(String stem) {
    if (stem.contains("linear1")) {
      return List.of(
          SINGLE + "attn.to_q", SINGLE + "attn.to_k", SINGLE + "attn.to_v", SINGLE + "proj_mlp");
    }
    if (stem.contains("adaLN")) {
      return List.of("norm_out.linear");
    }
    return stem.contains("txt") || stem.contains("added")
        ? List.of(BOTH + "add_q_proj", BOTH + "add_k_proj", BOTH + "add_v_proj")
        : List.of(BOTH + "to_q", BOTH + "to_k", BOTH + "to_v");
  }

  /** The weight of the layer as the file knows it. */
  private static Tensor weight(String stem) {
    TensorVector rows = new TensorVector();
    parts(stem)
        .forEach(part -> rows.push_back(
            EngineAccess.model(base).tensor(ModelComponent.TRANSFORMER, part + ".weight")));
    Tensor all = torch.cat(rows, 0);
    long half = all.size(0) / 2;
    return stem.contains("adaLN")
        ? torch.cat(new TensorVector(all.narrow(0, half, half), all.narrow(0, 0, half)), 0)
        : all;
  }

  private static Tensor random(NoiseSource noise, long... shape) {
    return noise.next(shape).squeeze(0).mul(new Scalar(0.1));
  }

  private static long divisor(long size) {
    return LongStream.iterate((long) Math.sqrt(size), i -> i - 1)
        .filter(i -> size % i == 0)
        .findFirst()
        .orElseThrow();
  }

  /** A change of that kind, its factors put into {@code file}. */
  private static WeightDelta delta(
      String kind, String stem, Tensor weight, Map<String, Tensor> file) {
    long out = weight.size(0);
    long in = weight.size(1);
    try (NoiseSource noise = NoiseSource.seeded(3L)) {
      switch (kind) {
        case "lokr", "lokr-wide" -> {
          long outer = kind.equals("lokr") ? parts(stem).size() == 4 ? 7 : 3 : divisor(out);
          Tensor w1 = put(file, stem + ".lokr_w1", random(noise, out % outer == 0 ? outer : 2, 2));
          Tensor w2 = put(file, stem + ".lokr_w2", random(noise, out / w1.size(0), in / 2));
          return new LokrDelta(w1, w2, 0, 1);
        }
        case "glora" -> {
          Tensor a = put(file, stem + ".a1.weight", random(noise, in, 3));
          Tensor b = put(file, stem + ".a2.weight", random(noise, 3, in));
          Tensor up = put(file, stem + ".b1.weight", random(noise, out, 3));
          Tensor down = put(file, stem + ".b2.weight", random(noise, 3, in));
          return new GloraDelta(a, b, new LoraDelta(down, null, up, 1), 1);
        }
        case "oft" -> {
          return new OftDelta(
              put(file, stem + ".oft_blocks", random(noise, out / 4, 4, 4)), null, 0);
        }
        default -> {
          LoraDelta pair = new LoraDelta(
              put(file, stem + ".lora_down.weight", random(noise, 3, in)),
              null,
              put(file, stem + ".lora_up.weight", random(noise, out, 3)),
              1);
          return kind.equals("lora")
              ? pair
              : new DoraDelta(
                  pair,
                  put(
                      file,
                      stem + ".dora_scale",
                      random(noise, 1, in).view(1, in).abs()));
        }
      }
    }
  }

  private static Tensor put(Map<String, Tensor> file, String name, Tensor value) {
    file.put(name, value);
    return value;
  }

  @ParameterizedTest
  @CsvSource({
    "lora, lora_unet_double_blocks_0_img_attn_qkv",
    "lora, lora_unet_final_layer_adaLN_modulation_1",
    "lora, transformer.transformer_blocks.0.attn.to_qkv",
    "lokr, lora_unet_double_blocks_0_img_attn_qkv",
    "lokr-wide, lora_unet_double_blocks_0_img_attn_qkv",
    "lokr, diffusion_model.double_blocks.0.txt_attn.qkv",
    "lokr-wide, diffusion_model.single_blocks.0.linear1",
    "lokr, lora_unet_single_blocks_0_linear1",
    "lokr, lora_unet_final_layer_adaLN_modulation_1",
    "lokr, lycoris_transformer_blocks_0_attn_to_qkv",
    "lokr, lycoris_transformer_blocks_0_attn_to_added_qkv",
    "dora, lora_unet_double_blocks_0_img_attn_qkv",
    "glora, lora_unet_double_blocks_0_img_attn_qkv",
    "glora, lora_unet_final_layer_adaLN_modulation_1",
    "oft, lora_unet_double_blocks_0_img_attn_qkv"
  })
  void changesEachOfTheLayersByItsRows(String kind, String stem) {
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> factors = new LinkedHashMap<>();
      Tensor weight = weight(stem);
      Tensor difference = delta(kind, stem, weight, factors).deltaWeight(weight);
      Map<String, Tensor> expected = merged(Map.of(stem + ".diff", difference.contiguous()));
      Map<String, Tensor> actual = merged(factors);
      assertEquals(expected.keySet(), actual.keySet());
      assertEquals(parts(stem).size(), actual.size());
      expected.forEach((name, value) -> {
        double wrong = value.sub(actual.get(name)).abs().max().item_double();
        assertTrue(wrong <= 1e-6, kind + " of " + name + " by " + wrong);
      });
    }
  }

  /**
   * networks/oft_flux.py of kohya's programs: a rotation, and a longest length, for each of the
   * layers.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "oft_unet_double_blocks_0_img_attn_qkv",
        "oft_unet_single_blocks_0_linear1",
        "oft_unet_double_blocks_0_txt_attn_proj"
      })
  void rotatesEachOfTheLayersByItsOwnBlocks(String stem) {
    List<String> parts = stem.endsWith("proj") ? List.of(BOTH + "to_add_out") : parts(stem);
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(5L)) {
      Map<String, Tensor> file = new LinkedHashMap<>();
      Map<String, Tensor> expected = new LinkedHashMap<>();
      float constraint = 1e-2f;
      for (int i = 0; i < parts.size(); i++) {
        String name = parts.get(i) + ".weight";
        Tensor weight = EngineAccess.model(base).tensor(ModelComponent.TRANSFORMER, name);
        long size = weight.size(0) / 2;
        Tensor blocks = put(file, stem + ".oft_blocks." + i, random(noise, 2, size, size));
        expected.put(
            name,
            weight.add(
                new OftDelta(blocks, null, constraint * weight.size(0)).deltaWeight(weight)));
      }
      file.put(stem + ".alpha", torch.tensor(constraint));
      Map<String, Tensor> actual = merged(file);
      assertEquals(expected.keySet(), actual.keySet());
      expected.forEach((name, value) ->
          assertTrue(value.sub(actual.get(name)).abs().max().item_double() <= 1e-6, name));
    }
  }

  private Map<String, Tensor> merged(Map<String, Tensor> tensors) {
    Path file = folder.resolve("look.safetensors");
    // A last layer alone has the name of no family.
    SafetensorsWriter.write(file, tensors, Map.of("ss_base_model_version", "flux1"));
    Map<String, Tensor> copies = new LinkedHashMap<>();
    try (Lora lora = Lora.open(file, base);
        FusedLora fused = lora.fuse(1)) {
      fused
          .weights(Compute.EXACT)
          .get(ModelComponent.TRANSFORMER)
          .forEach((name, value) -> copies.put(name, value.clone()));
    }
    return copies;
  }

  @Test
  void keepsFactorsIfBlocksEndWithTheLayers() {
    String stem = "lora_unet_double_blocks_0_img_attn_qkv";
    Path file = folder.resolve("look.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> factors = new LinkedHashMap<>();
      delta("lokr", stem, weight(stem), factors);
      SafetensorsWriter.write(file, factors, Map.of());
    }
    try (Lora lora = Lora.open(file, base)) {
      assertEquals(3, lora.inspection().layers());
      for (Map.Entry<TargetLayer, WeightDelta> change : lora.deltas().weights().entrySet()) {
        assertInstanceOf(LokrDelta.class, change.getValue(), change.getKey().path());
      }
    }
  }

  @Test
  void readsShapesOfWeightsAndTheSecondTextEncoderAsComfyUiCallsThem() {
    Path file = folder.resolve("look.safetensors");
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(4L)) {
      String t5 = "encoder.block.0.layer.0.SelfAttention.q";
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      long[] query =
          EngineAccess.model(base).tensorShape(ModelComponent.TEXT_ENCODER_2, t5 + ".weight");
      tensors.put(
          "text_encoders.t5xxl.transformer." + t5 + ".lora_down.weight",
          random(noise, 2, query[1]));
      tensors.put(
          "text_encoders.t5xxl.transformer." + t5 + ".lora_up.weight", random(noise, query[0], 2));
      long[] shape =
          EngineAccess.model(base).tensorShape(ModelComponent.TRANSFORMER, "x_embedder.weight");
      tensors.put("diffusion_model.img_in.lora_A.weight", random(noise, 2, shape[1]));
      tensors.put("diffusion_model.img_in.lora_B.weight", random(noise, shape[0], 2));
      tensors.put("diffusion_model.img_in.reshape_weight", torch.tensor(shape));
      SafetensorsWriter.write(file, tensors, Map.of("ss_base_model_version", "flux1"));
      try (Lora lora = Lora.open(file, base)) {
        assertEquals(2, lora.inspection().layers());
      }
      tensors.put("diffusion_model.img_in.bias", random(noise, shape[0]));
      SafetensorsWriter.write(file, tensors, Map.of("ss_base_model_version", "flux1"));
      assertEquals(
          List.of("diffusion_model.img_in.bias"),
          Lora.inspect(file, base).keys().unmatched());
    }
  }

  /** Trained on blocks of both streams alone, whose names Stable Diffusion 3 has too. */
  @ParameterizedTest
  @CsvSource({"to_q", "add_q_proj", "to_out.0"})
  void openBlocksOfBothStreamsOnTheBaseTheyAreOf(String layer) {
    Path file = folder.resolve("look.safetensors");
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(4L)) {
      long[] shape = EngineAccess.model(base)
          .tensorShape(ModelComponent.TRANSFORMER, BOTH + layer + ".weight");
      SafetensorsWriter.write(
          file,
          Map.of(
              "transformer." + BOTH + layer + ".lora_A.weight",
              random(noise, 2, shape[1]),
              "transformer." + BOTH + layer + ".lora_B.weight",
              random(noise, shape[0], 2)),
          Map.of());
    }
    try (Lora lora = Lora.open(file, base)) {
      assertEquals("flux", lora.inspection().family());
    }
  }
}
