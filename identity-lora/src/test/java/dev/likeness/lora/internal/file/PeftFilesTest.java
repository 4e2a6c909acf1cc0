package dev.likeness.lora.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.FusedLora;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraParts;
import dev.likeness.lora.OnGoldenBase;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.nio.file.Path;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What peft writes beside factors, and into files of one model alone: the same, said as other
 * programs do.
 */
@ExtendWith(NoTensorLeaks.class)
class PeftFilesTest extends OnGoldenBase {
  private static final String LAYER = "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0";
  private static final String NORM = "mid_block.attentions.0.norm";
  private static final String TEXT = "mid_block.attentions.0.transformer_blocks.0.attn2.";

  @TempDir
  private Path folder;

  private Path file(Map<String, Tensor> tensors) {
    Path file = folder.resolve("adapter_model.safetensors");
    SafetensorsWriter.write(file, tensors, Map.of());
    return file;
  }

  private Map<String, Tensor> merged(Map<String, Tensor> tensors) {
    Map<String, Tensor> copies = new LinkedHashMap<>();
    try (Lora lora = Lora.open(file(tensors), base);
        FusedLora fused = lora.fuse(1)) {
      tensorsOf(fused).forEach((name, value) -> copies.put(name, value.clone()));
    }
    return copies;
  }

  private static Map<String, Tensor> tensorsOf(FusedLora fused) {
    Adaptation adapted = ModelAdapter.of(fused.adapter()).adapt(ModelComponent.UNET, Compute.EXACT);
    Map<String, Tensor> changed = new LinkedHashMap<>();
    EngineAccess.model(base).tensorNames(ModelComponent.UNET).stream()
        .filter(adapted::replaces)
        .forEach(name -> changed.put(name, adapted.tensor(name, baseTensor(name))));
    return changed;
  }

  private static Tensor baseTensor(String name) {
    return EngineAccess.model(base).tensor(ModelComponent.UNET, name);
  }

  private static Tensor random(NoiseSource noise, long... shape) {
    return noise.next(shape).squeeze(0).mul(new Scalar(0.1));
  }

  /**
   * {@code LoraConfig(bias="all")} and {@code modules_to_save}, as peft 0.21 writes them, and as it
   * did before.
   */
  @ParameterizedTest
  @CsvSource({
    "base_model.model.%s.base_layer.bias, base_model.model.%s.weight, base_model.model.%s.bias",
    "base_model.model.%s.bias, base_model.model.%s.modules_to_save.weight,"
        + " base_model.model.%s.modules_to_save.bias",
    "unet.%s.base_layer.bias, unet.%s.modules_to_save.default.weight,"
        + " unet.%s.modules_to_save.default.bias"
  })
  void readsWholeWeightsAndBiases(String bias, String norm, String normBias) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(5L)) {
      long width = baseTensor(LAYER + ".weight").size(0);
      String prefix = bias.startsWith("unet.") ? "unet." : "base_model.model.";
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      tensors.put(prefix + LAYER + ".lora_A.weight", random(noise, 2, width));
      tensors.put(prefix + LAYER + ".lora_B.weight", random(noise, width, 2));
      tensors.put(bias.formatted(LAYER), random(noise, width));
      tensors.put(
          norm.formatted(NORM), random(noise, baseTensor(NORM + ".weight").size(0)));
      tensors.put(
          normBias.formatted(NORM), random(noise, baseTensor(NORM + ".weight").size(0)));
      Map<String, Tensor> merged = merged(tensors);
      assertEquals(
          Set.of(LAYER + ".weight", LAYER + ".bias", NORM + ".weight", NORM + ".bias"),
          merged.keySet());
      assertClose(tensors.get(bias.formatted(LAYER)), merged.get(LAYER + ".bias"));
      assertClose(tensors.get(norm.formatted(NORM)), merged.get(NORM + ".weight"));
      assertClose(tensors.get(normBias.formatted(NORM)), merged.get(NORM + ".bias"));
      // Written by the other program's name it is the difference.
      try (Lora lora = Lora.open(file(tensors), base)) {
        Path kohya = folder.resolve("kohya.safetensors");
        lora.save(kohya, KeyFormat.KOHYA);
        try (Lora again = Lora.open(kohya, base);
            FusedLora fused = again.fuse(1)) {
          tensorsOf(fused).forEach((name, value) -> assertClose(merged.get(name), value));
        }
      }
    }
  }

  /**
   * What {@code unet.save_lora_adapter} and {@code pipeline.save_lora_weights} write into the
   * header.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'' | {\"r\": 4, \"lora_alpha\": 2} | 0.5",
        "'' | {\"r\": 4, \"lora_alpha\": 1, \"use_rslora\": true} | 0.5",
        "'' | {\"r\": 4, \"lora_alpha\": 2, \"alpha_pattern\": {\"attn1.to_out.0\": 1}} | 0.25",
        "unet. | {\"unet.r\": 4, \"unet.lora_alpha\": 2} | 0.5",
        "unet. | {\"text_encoder.r\": 4, \"text_encoder.lora_alpha\": 2} | 1"
      })
  void readsTheSettingsOfOneNetworkAndOfAWholePipeline(
      String prefix, String settings, double scale) {
    try (TensorScope scope = TensorScope.open()) {
      long width = baseTensor(LAYER + ".weight").size(0);
      Path file = folder.resolve("pytorch_lora_weights.safetensors");
      SafetensorsWriter.write(
          file,
          Map.of(
              prefix + LAYER + ".lora_A.weight",
              torch.ones(4, width),
              prefix + LAYER + ".lora_B.weight",
              torch.ones(width, 4)),
          Map.of("lora_adapter_metadata", settings));
      assertEquals(
          new LoraInspection.Scale(scale, scale), Lora.inspect(file, base).scale());
    }
  }

  /** Of files that are not peft's nobody has said what a bare bias is. */
  @Test
  void refusesWholeTensorsOfOthersAndTables() {
    try (TensorScope scope = TensorScope.open()) {
      for (String key : List.of(
          "unet." + LAYER + ".bias",
          "diffusion_model." + LAYER + ".weight",
          "base_model.model.text_model.embeddings.token_embedding.weight")) {
        Path file = file(Map.of(key, torch.ones(4)));
        assertEquals(
            file + ": keys that match no layer of base-current: 1 of 1, e.g. \"" + key
                + "\"; the LoRA is for another base model, or its kind is not supported; give a"
                + " LoRA for this base",
            assertThrows(InvalidInputException.class, () -> Lora.open(file, base))
                .getMessage());
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"unet.", "base_model.model.", "lora_unet_", "diffusion_model."})
  void splitsFusedKeysAndValuesOfUnets(String prefix) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(6L)) {
      long out = baseTensor(TEXT + "to_k.weight").size(0);
      Tensor down = random(noise, 2, baseTensor(TEXT + "to_k.weight").size(1));
      Tensor up = random(noise, 2 * out, 2);
      String layer = prefix.endsWith("_") ? (prefix + TEXT).replace('.', '_') : prefix + TEXT;
      Map<String, Tensor> actual =
          merged(Map.of(layer + "to_kv.lora_A.weight", down, layer + "to_kv.lora_B.weight", up));
      Map<String, Tensor> expected = merged(Map.of(
          layer + "to_k.lora_A.weight",
          down,
          layer + "to_k.lora_B.weight",
          up.narrow(0, 0, out).contiguous(),
          layer + "to_v.lora_A.weight",
          down,
          layer + "to_v.lora_B.weight",
          up.narrow(0, out, out).contiguous()));
      assertEquals(expected.keySet(), actual.keySet());
      expected.forEach((name, value) -> assertClose(value, actual.get(name)));
    }
  }

  @Test
  void findsTheTextEncoderThatAFileWithoutPartsIsOf(@TempDir Path parent) {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(7L);
        BaseModel xl = BaseModel.open(PipelineFolder.any("sdxl/xl-base", parent), Compute.EXACT)) {
      for (ModelComponent component :
          List.of(ModelComponent.TEXT_ENCODER, ModelComponent.TEXT_ENCODER_2)) {
        Map<String, Tensor> tensors = new LinkedHashMap<>();
        Collection<TargetLayer> layers = LayerTable.of(EngineAccess.model(xl)).layers().stream()
            .filter(layer -> layer.component() == component && layer.path().endsWith("_proj"))
            .toList();
        layers.forEach(layer -> {
          tensors.put(
              "base_model.model." + layer.path() + ".lora_A.weight", random(noise, 2, layer.in()));
          tensors.put(
              "base_model.model." + layer.path() + ".lora_B.weight", random(noise, layer.out(), 2));
        });
        try (Lora lora = Lora.open(file(tensors), xl)) {
          assertEquals(Set.copyOf(layers), LoraParts.changes(lora).weights().keySet());
        }
      }
    }
  }

  private static void assertClose(Tensor expected, Tensor actual) {
    double wrong = expected.sub(actual).abs().max().item_double();
    assertTrue(wrong <= 1e-6, "by " + wrong);
  }
}
