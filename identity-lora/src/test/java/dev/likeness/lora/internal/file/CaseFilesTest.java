package dev.likeness.lora.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.ModelFamily;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.material.Material;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.LoraDelta;
import dev.likeness.lora.internal.algorithm.PeftOftDelta;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The LoRA files of {@code ../shared/cases/third}, on layers of their sizes. */
@ExtendWith(NoTensorLeaks.class)
class CaseFilesTest {
  private static final long WIDTH = 64;

  @ParameterizedTest
  @ValueSource(strings = {"zimage", "zimage-dit"})
  void readsTheSameFactorsAsUnderTheUsualPrefix(String name) {
    LayerTable table = table(
        "z-image",
        Map.of(
            "layers.0.attention.to_q", WIDTH,
            "layers.0.attention.to_k", WIDTH,
            "layers.0.attention.to_v", WIDTH));
    Path usual = Material.ofCase("third/double-underscore/zimage-single.safetensors");
    Path other = Material.ofCase("third/double-underscore/" + name + ".safetensors");
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion()) {
      Map<String, WeightDelta> expected = read(usual, table, region);
      Map<String, WeightDelta> actual = read(other, table, region);
      assertEquals(3, expected.size());
      assertEquals(expected.keySet(), actual.keySet());
      expected.forEach((layer, change) -> assertTrue(
          torch.allclose(weight(change), weight(actual.get(layer)), 1e-6, 1e-7, false), layer));
    }
  }

  private static Tensor weight(WeightDelta change) {
    return ((LoraDelta) change).deltaWeight(torch.zeros(WIDTH, WIDTH));
  }

  @Test
  void dividesTheNumbersOfScaledOft() {
    LayerTable table = table(
        "flux2",
        Map.of(
            "single_transformer_blocks.0.attn.to_qkv_mlp_proj",
            3 * WIDTH + 384,
            "transformer_blocks.0.attn.to_q",
            WIDTH,
            "transformer_blocks.1.ff.linear_in",
            384L));
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion()) {
      Map<String, WeightDelta> plain =
          read(Material.ofCase("third/scaled-oft/klein-plain.safetensors"), table, region);
      Map<String, WeightDelta> scaled =
          read(Material.ofCase("third/scaled-oft/klein-scaled.safetensors"), table, region);
      assertEquals(3, plain.size());
      plain.forEach((layer, change) -> {
        PeftOftDelta own = (PeftOftDelta) scaled.get(layer);
        assertEquals(8, own.blockSize());
        assertEquals(5, own.cayleyTerms());
        assertTrue(
            torch.allclose(
                ((PeftOftDelta) change).skew().div(new Scalar(2 * Math.sqrt(7))),
                own.skew(),
                1e-6,
                1e-8,
                false),
            layer);
      });
    }
  }

  /** The layers of a base of a kind, with their numbers of outputs. */
  private static LayerTable table(String kind, Map<String, Long> outputs) {
    ModelFamily family = FamilyRegistry.families().stream()
        .filter(each -> each.loraLayers().kinds().get(0).id().equals(kind))
        .findFirst()
        .orElseThrow();
    Map<String, long[]> shapes = new LinkedHashMap<>();
    outputs.forEach((path, out) -> shapes.put(path + ".weight", new long[] {out, WIDTH}));
    return LayerTable.of(family, Map.of(ModelComponent.TRANSFORMER, shapes));
  }

  private static Map<String, WeightDelta> read(Path file, LayerTable table, TensorRegion region) {
    AdapterConfig settings = AdapterConfig.of(Map.of(), file);
    try (LoraFile opened = LoraFile.open(file)) {
      LoraReader reader = LoraReader.of(opened.tensors(), opened.metadata(), table);
      LoraInspection report = reader.inspect(settings);
      assertEquals(List.of(), report.keys().unmatched());
      assertEquals(List.of(), report.keys().duplicates());
      assertTrue(report.isComplete(), report.toString());
      Map<String, WeightDelta> deltas = new LinkedHashMap<>();
      reader
          .readDeltas(settings, region, (layer, name) -> Optional.empty())
          .weights()
          .forEach((layer, change) -> deltas.put(layer.path(), change));
      return deltas;
    }
  }
}
