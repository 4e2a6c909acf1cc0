package dev.likeness.lora.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.material.Material;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraParts;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.LoraDelta;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import dev.likeness.lora.internal.algorithm.WeightDelta;
import dev.likeness.lora.internal.training.SdxlTrainingTest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Bases whose layers kohya's programs name as their makers do. */
@ExtendWith(NoTensorLeaks.class)
class KohyaKeyFormatTest {
  private static final String STEMS =
      "lora_(te1|te2|te3|unet_(double_blocks|single_blocks|joint_blocks|input_blocks|middle_block"
          + "|output_blocks|time_embed|label_emb|out))_.*|lora_unet_[a-z]+_(in|out|embedder).*|lora_unet_final_layer.*";

  @TempDir
  private Path folder;

  /** Every layer is changed but for one in five, so that parts of joined ones are missing too. */
  @ParameterizedTest
  @CsvSource({
    "flux/dev, KOHYA",
    "flux/dev, PEFT",
    "sd3/three, KOHYA",
    "sdxl/xl-base, KOHYA",
    "sdxl/xl-base, DIFFUSERS",
    "flux/dev, DIFFUSERS",
    "sd3/three, DIFFUSERS"
  })
  void readsBackTheDeltasOfEveryLayer(String name, KeyFormat keyFormat) {
    Path file = folder.resolve("lora.safetensors");
    try (BaseModel base = BaseModel.open(PipelineFolder.any(name, folder), Compute.EXACT);
        Lora lora = loraOfAllLayers(EngineAccess.model(base));
        TensorScope scope = TensorScope.open()) {
      lora.save(file, keyFormat);
      try (Safetensors written = Safetensors.open(file)) {
        written
            .names()
            .forEach(key -> assertTrue(keyFormat != KeyFormat.KOHYA || key.matches(STEMS), key));
        // diffusers knows that key format of text encoders alone.
        written
            .names()
            .forEach(key -> assertTrue(
                !key.startsWith("transformer.") || !key.contains("lora_linear_layer"), key));
        written.names().stream()
            .filter(key -> key.matches(".*(lora_A|lora_down|down)\\.weight"))
            .forEach(key -> assertEquals(
                0,
                written.shape(key)[0] % 3,
                "one rank for all, or as often as joined layers have parts: " + key));
      }
      try (Lora again = Lora.open(file, base)) {
        Map<TargetLayer, WeightDelta> read = LoraParts.changes(again).weights();
        Set<TargetLayer> missing = new TreeSet<>((a, b) -> a.name().compareTo(b.name()));
        missing.addAll(LoraParts.changes(lora).weights().keySet());
        missing.removeAll(read.keySet());
        assertEquals(Set.of(), missing);
        read.forEach((layer, change) -> {
          Tensor own = EngineAccess.model(base).tensor(layer.component(), layer.weight());
          WeightDelta before = LoraParts.changes(lora).weights().get(layer);
          Tensor expected = before == null ? torch.zeros_like(own) : before.deltaWeight(own);
          assertTrue(
              torch.allclose(expected, change.deltaWeight(own), 1e-5, 1e-6, false), layer.name());
        });
        again.save(folder.resolve("again.safetensors"), keyFormat);
        assertTrue(
            Math.abs(size(file) - size(folder.resolve("again.safetensors"))) < 1000,
            "joined layers do not grow");
      }
    }
  }

  private static long size(Path file) {
    return file.toFile().length();
  }

  private static Lora loraOfAllLayers(OpenModel model) {
    TensorRegion region = new TensorRegion();
    Map<TargetLayer, WeightDelta> changes = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(3L)) {
      int number = 0;
      for (TargetLayer layer : LayerTable.of(model).layers()) {
        long rank = 1 + number % 3;
        if (!layer.isNorm() && number++ % 5 != 4) {
          long[] down = layer.isConvolution()
              ? new long[] {rank, layer.in(), layer.kernelSize(), layer.kernelSize()}
              : new long[] {rank, layer.in()};
          long[] up = layer.isConvolution()
              ? new long[] {layer.out(), rank, 1, 1}
              : new long[] {layer.out(), rank};
          changes.put(
              layer,
              new LoraDelta(
                  region.keep(noise.next(down).squeeze(0)),
                  null,
                  region.keep(noise.next(up).squeeze(0)),
                  0.5));
        }
      }
    }
    LoraInspection report =
        LoraMetadata.made("unknown", LoraAlgorithm.LORA, changes.size(), 3, Map.of());
    return LoraParts.lora(new LoraDeltas(changes, Map.of()), report, region, model);
  }

  @ParameterizedTest
  @CsvSource({"Alien Style, 986", "Noodles Style, 986"})
  void namesEveryLayerOfSdxlAsPublishedFiles(String name, int layers) throws IOException {
    Path list = Material.of("keys/checkpoints/" + name + ".safetensors.json");
    Set<String> published = stems(JSON.std.mapFrom(Files.readString(list)).keySet().stream());
    LayerTable table = SdxlTrainingTest.published();
    Set<String> ours = table.layers().stream()
        .map(layer -> new KohyaNames(table).of(layer).stem())
        .collect(Collectors.toSet());
    assertEquals(layers, published.size());
    assertTrue(ours.containsAll(published), () -> without(published, ours));
  }

  @Test
  void namesEveryLayerOfFluxAsPublishedFiles() throws IOException {
    Map<?, ?> data = (Map<?, ?>) JSON.std
        .mapFrom(Files.readString(Material.of("keys/flux-lora/flux_lora_kohya_format.json")))
        .get("data");
    Set<String> published = stems(
            ((Map<?, ?>) data.get("state_dict_keys")).keySet().stream().map(String.class::cast))
        .stream()
        .filter(stem -> stem.startsWith("lora_unet_"))
        .collect(Collectors.toSet());
    LayerTable table = LoraKeyConversionTest.flux(64);
    Set<String> ours = table.layers().stream()
        .filter(layer -> layer.component() == ModelComponent.TRANSFORMER)
        .map(layer -> new KohyaNames(table).of(layer).stem())
        .collect(Collectors.toSet());
    assertEquals(304, published.size());
    assertTrue(ours.containsAll(published), () -> without(published, ours));
  }

  private static Set<String> stems(Stream<String> keys) {
    return keys.filter(key -> key.contains(".lora_down"))
        .map(key -> key.substring(0, key.indexOf('.')))
        .collect(Collectors.toSet());
  }

  private static String without(Set<String> published, Set<String> ours) {
    Set<String> rest = new TreeSet<>(published);
    rest.removeAll(ours);
    return rest.toString();
  }
}
