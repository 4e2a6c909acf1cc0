package dev.likeness.lora.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.KeyList;
import dev.likeness.diffusion.internal.model.FamilyRegistry;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.material.Material;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Files that people publish, on models of the published size: shapes only, no weights. */
public class RealLoraTest {
  @ParameterizedTest
  @CsvSource({
    "diffusers_sd15_pokemon_lora.safetensors, DIFFUSERS, LORA, 128, 4, 256",
    "analog_svd_rank4.safetensors, CLONEOFSIMO, LORA, 192, 4, 384",
    "lora_disney.safetensors, CLONEOFSIMO, LORA, 192, 1, 386",
    "smart_falcon_8_lokr.safetensors, KOHYA, LOKR, 350, 8, 1750"
  })
  void matchesEveryKeyForStableDiffusion15(
      String name, KeyFormat keyFormat, LoraAlgorithm kind, int layers, int rank, int matched)
      throws IOException {
    LoraInspection report = report(name, stableDiffusion15());
    assertEquals(List.of(), report.keys().unmatched());
    assertEquals(List.of(), report.keys().shapeMismatches());
    assertEquals(List.of(), report.keys().incomplete());
    assertEquals(Optional.of(keyFormat), report.keyFormat());
    assertEquals(Set.of(kind), report.algorithms());
    assertEquals(layers, report.layers());
    assertEquals(rank, report.rank());
    assertEquals(matched, report.keys().matched());
    assertEquals(
        name.startsWith("lora_disney") ? List.of("<s1>", "<s2>") : List.of(),
        report.textualInversions());
    FitCheck.requireComplete(report, name, "a base", "sd1");
  }

  @Test
  void findsThatTheListIsForStableDiffusion2() throws IOException {
    LoraInspection report = report("lora_pop.pt", stableDiffusion2());
    assertEquals(List.of(), report.keys().unmatched());
    assertEquals(128, report.layers());
    assertEquals(256, report.keys().matched());
    assertEquals("sd2", report.family());
    FitCheck.requireComplete(report, "lora_pop.pt", "a base", "sd2");
    LoraInspection wrong = report("lora_pop.pt", stableDiffusion15());
    assertEquals(
        "lora_pop.pt is a LoRA for Stable Diffusion 2.x, but the base base is Stable Diffusion 1.x;"
            + " use the LoRA with a base of Stable Diffusion 2.x",
        assertThrows(
                InvalidInputException.class,
                () -> FitCheck.requireComplete(wrong, "lora_pop.pt", "base", "sd1"))
            .getMessage());
  }

  @ParameterizedTest
  @CsvSource({"learned_embeds_1.bin, <frida>", "flora.pt, FloralMarble-400"})
  void distinguishesTextualInversions(String name, String token) throws IOException {
    LoraInspection report = report(name, stableDiffusion15());
    assertEquals(List.of(token), report.textualInversions());
    assertEquals(
        name + " is a textual inversion (\"" + token + "\"), not a LoRA; give it as an embedding",
        assertThrows(
                InvalidInputException.class,
                () -> FitCheck.requireComplete(report, name, "a base", "sd1"))
            .getMessage());
  }

  @ParameterizedTest
  @CsvSource({
    "diffusers_sd15_pokemon_lora.safetensors",
    "analog_svd_rank4.safetensors",
    "smart_falcon_8_lokr.safetensors"
  })
  void readsEveryDelta(String name) throws IOException {
    Path file = Material.of("lora/" + name);
    try (LoraFile source = LoraFile.open(file);
        TensorRegion region = new TensorRegion()) {
      LoraReader reader = LoraReader.of(source.tensors(), source.metadata(), stableDiffusion15());
      LoraDeltas changes = reader.readDeltas(
          AdapterConfig.of(source.metadata(), file), region, (layer, tensor) -> null);
      assertEquals(
          reader.inspect(AdapterConfig.of(source.metadata(), file)).layers(),
          changes.weights().size());
    }
  }

  private static LoraInspection report(String name, LayerTable table) {
    Path file = Material.of("lora/" + name);
    try (LoraFile source = LoraFile.open(file)) {
      return LoraReader.of(source.tensors(), source.metadata(), table)
          .inspect(AdapterConfig.of(source.metadata(), file));
    }
  }

  private static LayerTable stableDiffusion15() throws IOException {
    return LayerTable.of(FamilyRegistry.STABLE_DIFFUSION, shapes());
  }

  /** As 1.5, with text 1024 wide. */
  private static LayerTable stableDiffusion2() throws IOException {
    Map<ModelComponent, Map<String, long[]>> shapes = shapes();
    shapes
        .get(ModelComponent.UNET)
        .replaceAll((name, shape) ->
            name.matches(".*attn2\\.to_[kv]\\.weight") ? new long[] {shape[0], 1024} : shape);
    shapes.remove(ModelComponent.TEXT_ENCODER);
    return LayerTable.of(FamilyRegistry.STABLE_DIFFUSION, shapes);
  }

  static Map<ModelComponent, Map<String, long[]>> shapes() throws IOException {
    try (InputStream in =
        new GZIPInputStream(GoldenFolder.class.getResourceAsStream("/golden/sd15-keys.json.gz"))) {
      Map<String, Object> parts = JSON.std.mapFrom(in);
      Map<ModelComponent, Map<String, long[]>> shapes = new EnumMap<>(ModelComponent.class);
      for (ModelComponent component :
          new ModelComponent[] {ModelComponent.UNET, ModelComponent.TEXT_ENCODER}) {
        shapes.put(component, new LinkedHashMap<>(GoldenFolder.shapes((Map<?, ?>)
            parts.get(component.folder()))));
      }
      return shapes;
    }
  }

  @ParameterizedTest
  @CsvSource({"shinkai_makoto_offset, 264, 128", "thickline_fp16, 264, 128"})
  void matchesKeyListsOfStableDiffusion15(String name, int layers, int rank) throws IOException {
    LoraInspection report = inspectKeyList(name, stableDiffusion15());
    assertEquals(List.of(), report.keys().unmatched());
    assertEquals(List.of(), report.keys().shapeMismatches());
    assertEquals(List.of(), report.keys().incomplete());
    assertEquals(layers, report.layers());
    assertEquals(rank, report.rank());
    assertEquals("sd1", report.family());
  }

  public static LoraInspection inspectKeyList(String name, LayerTable table) throws IOException {
    Path list = Material.of("keys/checkpoints/" + name + ".safetensors.json");
    return LoraReader.of(KeyList.of(list), Map.of(), table)
        .inspect(AdapterConfig.of(Map.of(), Path.of("f")));
  }
}
