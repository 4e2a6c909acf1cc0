package dev.likeness.lora.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.lora.GoldenLora;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraParts;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.LoraDelta;
import dev.likeness.lora.internal.algorithm.PeftOftDelta;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class LoraKeyFormatTest {
  private static final AdapterConfig PLAIN = AdapterConfig.of(Map.of(), Path.of("f"));
  private static final String TEXT = "text_encoder.text_model.";

  private static BaseModel base;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = GoldenFolder.load(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  static Stream<Arguments> keyFormats() {
    return Stream.of(
        keyFormat(KeyFormat.PEFT, name -> name),
        keyFormat(KeyFormat.PEFT, name -> name.replace(TEXT, "text_encoder.")),
        keyFormat(KeyFormat.PEFT, name -> name.replace(".weight", "")),
        keyFormat(KeyFormat.PEFT, name -> name.replace(".weight", ".default.weight")),
        keyFormat(KeyFormat.PEFT, name -> name.replace(".weight", ".ada.weight")),
        keyFormat(KeyFormat.PEFT, name -> name.replace("unet.", "unet.base_model.model.")),
        keyFormat(KeyFormat.PEFT, name -> name.replace("unet.", "")),
        keyFormat(
            KeyFormat.PEFT,
            name -> name.replaceFirst("^(unet|text_encoder)\\.", "base_model.model.")),
        keyFormat(KeyFormat.DIFFUSERS, name -> factors(name, ".lora.down", ".lora.up")),
        keyFormat(
            KeyFormat.DIFFUSERS,
            name -> factors(name, ".lora_linear_layer.down", ".lora_linear_layer.up")),
        keyFormat(
            KeyFormat.ATTENTION_PROCESSOR,
            name -> factors(processor(name), "_lora.down", "_lora.up")),
        keyFormat(
            KeyFormat.KOHYA, name -> factors(kohya(name, "lora_te_"), ".lora_down", ".lora_up")),
        keyFormat(
            KeyFormat.KOHYA, name -> factors(kohya(name, "lora_te1_"), ".lora_down", ".lora_up")));
  }

  private static Arguments keyFormat(KeyFormat keyFormat, UnaryOperator<String> spelled) {
    return Arguments.of(
        keyFormat, spelled.apply("unet.down_blocks.0.attn1.to_out.0.lora_A.weight"), spelled);
  }

  private static String factors(String name, String down, String up) {
    return name.replace(".lora_A", down).replace(".lora_B", up);
  }

  private static String processor(String name) {
    String text = name.replace("q_proj", "to_q")
        .replace("k_proj", "to_k")
        .replace("v_proj", "to_v")
        .replace("out_proj", "to_out");
    return text.replaceFirst("(attn[12])\\.", "$1.processor.").replace("to_out.0", "to_out");
  }

  private static String kohya(String name, String text) {
    int end = name.indexOf(".lora_");
    String stem = name.substring(0, end)
        .replaceFirst("^unet\\.", "lora_unet_")
        .replaceFirst("^text_encoder\\.", text);
    return stem.replace('.', '_') + name.substring(end);
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("keyFormats")
  void readsTheSameFactors(KeyFormat keyFormat, String example, UnaryOperator<String> spelled) {
    LayerTable table = LayerTable.of(EngineAccess.model(base));
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion();
        TensorSource plain = Safetensors.open(GoldenLora.file("attention-published"));
        TensorSource respelled =
            RenamedSource.of(Safetensors.open(GoldenLora.file("attention-published")), spelled)) {
      LoraReader reader = LoraReader.of(respelled, Map.of(), table);
      LoraInspection report = reader.inspect(PLAIN);
      assertEquals(Optional.of(keyFormat), report.keyFormat());
      assertEquals(
          LoraMetadata.made("unknown", LoraAlgorithm.LORA, 52, 4, Map.of()), asPeft(report));
      reader.readDeltas(PLAIN, region, (layer, name) -> null).weights().forEach((layer, change) -> {
        LoraDelta pair = (LoraDelta) change;
        assertEquals(1, pair.scale());
        assertTrue(
            torch.equal(plain.read(layer.name() + ".lora_A.weight"), pair.down()), layer.name());
        assertTrue(
            torch.equal(plain.read(layer.name() + ".lora_B.weight"), pair.up()), layer.name());
      });
    }
  }

  private static LoraInspection asPeft(LoraInspection r) {
    return new LoraInspection(
        Optional.of(KeyFormat.PEFT),
        r.family(),
        r.algorithms(),
        r.layers(),
        r.rank(),
        r.scale(),
        r.keys(),
        r.textualInversions(),
        r.metadata());
  }

  @ParameterizedTest
  @EnumSource(
      value = KeyFormat.class,
      names = {"PEFT", "DIFFUSERS", "KOHYA"})
  void readsBackItsOwnFiles(KeyFormat keyFormat, @TempDir Path folder) {
    Path file = folder.resolve("again.safetensors");
    try (TensorScope scope = TensorScope.open();
        Lora lora = Lora.open(GoldenLora.file("wide"), base)) {
      lora.save(file, keyFormat);
      try (Lora again = Lora.open(file, base)) {
        assertEquals(Optional.of(keyFormat), again.inspection().keyFormat());
        assertEquals(
            LoraParts.changes(lora).weights().keySet(),
            LoraParts.changes(again).weights().keySet());
        LoraParts.changes(again).weights().forEach((layer, change) -> {
          LoraDelta first = (LoraDelta) LoraParts.changes(lora).weights().get(layer);
          LoraDelta pair = (LoraDelta) change;
          assertEquals(0.5, first.scale());
          assertEquals(1, pair.scale());
          assertTrue(torch.equal(first.down(), pair.down()), layer.name());
          assertTrue(torch.equal(first.up().mul(new Scalar(0.5)), pair.up()), layer.name());
        });
      }
    }
    try (Lora lora = Lora.open(GoldenLora.file("unet-only"), base)) {
      assertEquals(
          "the key format of a LoRA must be PEFT, DIFFUSERS or KOHYA, got COMFY",
          assertThrows(IllegalArgumentException.class, () -> lora.save(file, KeyFormat.COMFY))
              .getMessage());
    }
  }

  @Test
  void readsTheScaleFromEveryPlaceInTheFile() {
    LayerTensors layer = new LayerTensors(
        new TargetLayer(ModelComponent.UNET, "mid_block.attentions.0.to_q", List.of(8L, 8L)), null);
    assertEquals(1, PLAIN.scale(layer, 4, Double.NaN));
    assertEquals(0.5, PLAIN.scale(layer, 4, 2));
    assertEquals(2, settings("{\"unet.lora_alpha\": 8}").scale(layer, 4, Double.NaN));
    assertEquals(
        4,
        settings("{\"unet.lora_alpha\": 8, \"unet.use_rslora\": true}")
            .scale(layer, 4, Double.NaN));
    assertEquals(
        3,
        settings("{\"unet.lora_alpha\": 8, \"unet.alpha_pattern\": {\"attentions.0.to_q\": 12}}")
            .scale(layer, 4, Double.NaN));
    assertEquals(1, settings("{\"text_encoder.lora_alpha\": 8}").scale(layer, 4, Double.NaN));
    assertEquals(
        3,
        settings("{\"unet.lora_alpha\": 8, \"unet.alpha_pattern\":"
                + " {\"attentions\\\\.\\\\d+\\\\.to_(q|k)\": 12}}")
            .scale(layer, 4, Double.NaN));
    assertEquals(
        2,
        settings("{\"unet.lora_alpha\": 8, \"unet.alpha_pattern\": {\"o_q\": 12}}")
            .scale(layer, 4, Double.NaN));
    assertEquals(4, settings("{\"unet.alpha\": 16, \"unet.r\": 4}").scale(layer, 4, Double.NaN));
    assertEquals(
        "f: the metadata's lora_adapter_metadata has the layer pattern \"(to_q\", which has a '(' "
            + "without a ')', expected the name of a layer or a simple regular expression; save "
            + "the LoRA again",
        assertThrows(
                InvalidInputException.class,
                () -> settings("{\"unet.alpha_pattern\": {\"(to_q\": 12}}")
                    .scale(layer, 4, Double.NaN))
            .getMessage());
  }

  @Test
  void appliesAdapterConfigToItsOwnFileOnly(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("adapter_config.json"), "{\"r\": 2, \"lora_alpha\": 8}");
    Path peft =
        Files.copy(GoldenLora.file("unet-only"), folder.resolve("adapter_model.safetensors"));
    Path saved = folder.resolve("adapter_model.kohya.safetensors");
    try (Lora lora = Lora.open(peft, base)) {
      assertEquals("4.0", lora.inspection().scale().toString());
      lora.save(saved, KeyFormat.KOHYA);
    }
    assertEquals("1.0", Lora.inspect(saved, base).scale().toString());
    Files.writeString(
        folder.resolve("adapter_config.json"),
        "{\"r\": 2, \"lora_alpha\": 8, \"use_rslora\": true}");
    assertEquals("1.0", Lora.inspect(saved, base).scale().toString());
  }

  @Test
  void readsTheScaleOfFullLokrFactorsAndTheCayleyTerms() {
    LayerTensors layer = new LayerTensors(
        new TargetLayer(ModelComponent.UNET, "mid_block.attentions.0.to_q", List.of(8L, 8L)), null);
    assertEquals(1, PLAIN.scaleWithoutRank(layer));
    assertEquals(0.5, settings("{\"unet.alpha\": 4, \"unet.r\": 8}").scaleWithoutRank(layer));
    assertEquals(
        2,
        settings("{\"unet.alpha\": 4, \"unet.r\": 8, \"unet.rank_pattern\": {\"to_q\": 2}}")
            .scaleWithoutRank(layer));
    assertEquals(5, PLAIN.cayleyTerms(layer));
    assertEquals(3, settings("{\"unet.num_cayley_neumann_terms\": 3}").cayleyTerms(layer));
    assertEquals(0, settings("{\"unet.use_cayley_neumann\": false}").cayleyTerms(layer));
  }

  /**
   * peft takes {@code (I - Q) (I + Q)^-1} where it is exact, and a series of {@code (I + Q) (I -
   * Q)^-1} where not.
   */
  @Test
  void rotatesInputsExactlyIfConfigured() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor angle = torch.tensor(new float[] {0.5f}).view(1, 1);
      Tensor one = torch.eye(2);
      Tensor exact = new PeftOftDelta(angle, 2, 0).deltaWeight(one).add(one);
      assertTrue(
          torch.allclose(
              exact, torch.tensor(new float[] {0.6f, 0.8f, -0.8f, 0.6f}).view(2, 2)),
          exact.toString());
      Tensor series = new PeftOftDelta(angle, 2, 40).deltaWeight(one).add(one);
      assertTrue(torch.allclose(series, exact.t(), 1e-5, 1e-6, false), series.toString());
      Tensor two = new PeftOftDelta(angle, 2, 2).deltaWeight(one).add(one);
      assertTrue(
          torch.equal(two, torch.tensor(new float[] {1, -1, 1, 1}).view(2, 2)), two.toString());
    }
  }

  private static AdapterConfig settings(String json) {
    return AdapterConfig.of(Map.of("lora_adapter_metadata", json), Path.of("f"));
  }

  @Test
  void mergesACoreWithItsDownFactor() {
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(1L)) {
      Tensor x = noise.next(6, 9, 7);
      LoraDelta three = new LoraDelta(
          noise.next(4, 6, 1, 1).squeeze(0),
          noise.next(4, 4, 3, 3).squeeze(0),
          noise.next(5, 4, 1, 1).squeeze(0),
          0.5);
      LoraDelta two = new LoraDelta(LoraDelta.Tucker.mergeCore(three), null, three.up(), 0.5);
      long[] stride = {2, 2};
      long[] padding = {1, 1};
      Closeness.assertWithinSpread(
          1e-5,
          three.at(0.7).delta(x, stride, padding),
          two.at(0.7).delta(x, stride, padding),
          "core");
    }
  }
}
