package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.algorithm.LoraDeltas;
import dev.likeness.lora.internal.file.LoraMetadata;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class LoraMergeTest extends OnGoldenBase {
  @TempDir
  private Path files;

  private static float[] generate(Adapter... adapters) {
    ImageRequest request =
        ImageRequest.of("a photo of an old woman").steps(2).guidance(1).size(24, 16);
    for (Adapter adapter : adapters) {
      request = request.adapter(adapter);
    }
    GeneratedImage image = base.generate(request);
    return image.pixels();
  }

  private static Lora open(String name) {
    return Lora.open(GoldenLora.file(name), base);
  }

  @Test
  void mergesSeveralIntoOneThatGeneratesAlike() {
    try (Lora first = open("wide");
        Lora second = open("attention")) {
      float[] both = generate(first.at(0.7), second.at(-0.4));
      Map<Lora, Double> weights = new LinkedHashMap<>();
      weights.put(first, 0.7);
      weights.put(second, -0.4);
      try (Lora merged = LoraMerge.merge(weights, 6)) {
        assertArrayEquals(both, generate(merged.at(1)), 2e-4f);
        merged.save(files.resolve("merged.safetensors"), KeyFormat.KOHYA);
        try (Lora again = Lora.open(files.resolve("merged.safetensors"), base)) {
          assertArrayEquals(both, generate(again.at(1)), 2e-4f);
        }
      }
    }
  }

  @Test
  void refusesTwoTextualInversionsOfOneToken() {
    TextualInversion word = new TextualInversion("sks", Map.of(8, new float[8]));
    try (Lora first = carrying(word);
        Lora second = carrying(new TextualInversion("SKS", Map.of(8, new float[16])))) {
      Map<Lora, Double> both = new LinkedHashMap<>(Map.of(first, 1.0));
      both.put(second, 1.0);
      assertTrue(assertThrows(IllegalArgumentException.class, () -> LoraMerge.merge(both, 2))
          .getMessage()
          .contains("a textual inversion for the token \"SKS\""));
      Map<Lora, Double> unknown = Map.of(first, Double.NaN);
      assertTrue(assertThrows(IllegalArgumentException.class, () -> LoraMerge.merge(unknown, 2))
          .getMessage()
          .endsWith("got weights [NaN]"));
      assertEquals(
          List.of("sks"),
          LoraMerge.resize(first, 1).textualInversions().stream()
              .map(TextualInversion::token)
              .toList());
    }
  }

  private static Lora carrying(TextualInversion word) {
    LoraInspection report = LoraMetadata.made("unknown", LoraAlgorithm.LORA, 0, 1, Map.of());
    return new Lora(
        new LoraDeltas(Map.of(), Map.of(), List.of(word)),
        Map.of(),
        report,
        new TensorRegion(),
        EngineAccess.model(base));
  }

  @Test
  void resizesEveryAlgorithmAndLosesLessAtAHigherRank() {
    try (Lora loha = open("../kinds/loha")) {
      float[] exact = generate(loha.at(1));
      for (KeyFormat keyFormat : List.of(KeyFormat.PEFT, KeyFormat.KOHYA)) {
        Path file = files.resolve(keyFormat + ".safetensors");
        loha.save(file, keyFormat);
        try (Lora again = Lora.open(file, base)) {
          assertEquals(loha.inspection().algorithms(), again.inspection().algorithms());
          assertArrayEquals(exact, generate(again.at(1)), 1e-5f, keyFormat.name());
        }
      }
      double last = Double.MAX_VALUE;
      for (int rank : new int[] {1, 4, 9}) {
        try (Lora resized = LoraMerge.resize(loha, rank)) {
          double lost = distance(exact, generate(resized.at(1)));
          assertTrue(lost < last, "rank " + rank + " loses " + lost + ", a lower one " + last);
          last = lost;
        }
      }
      assertTrue(
          last < 1e-3, "a product of two matrices of rank 3 has rank 9, but " + last + " is lost");
    }
    assertEquals(
        "rank must be at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> LoraMerge.merge(Map.of(), 0))
            .getMessage());
    assertEquals(
        "a merge needs at least one LoRA, with finite weights, got weights []",
        assertThrows(IllegalArgumentException.class, () -> LoraMerge.merge(Map.of(), 1))
            .getMessage());
  }

  @ParameterizedTest
  @ValueSource(strings = {"loha", "lokr", "lokr-full", "glora", "oft", "full", "dora", "peft-ia3"})
  void hasNoRankForMoreThanTwoFactors(String kind) {
    try (Lora pair = open("wide");
        Lora other = open("../kinds/" + kind)) {
      assertEquals(OptionalInt.empty(), LoraMerge.maxRank(List.of(pair, other)));
    }
  }

  @Test
  void knowsTheGreatestRankOfPairsAndOfNorms() {
    try (Lora pair = open("wide");
        Lora norms = open("../kinds/norm")) {
      assertEquals(OptionalInt.of(2), LoraMerge.maxRank(List.of(norms, pair)));
      assertEquals(OptionalInt.of(1), LoraMerge.maxRank(List.of(norms)));
    }
  }

  private static double distance(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return Math.sqrt(sum);
  }

  @ParameterizedTest
  @ValueSource(strings = {"norm", "loha", "oft", "glora", "lokr-tucker"})
  void aFusedLoraOutlivesTheLora(String kind) {
    FusedLora fused;
    Map<String, Tensor> expected;
    try (TensorScope scope = TensorScope.open();
        FusedLora usual = fused(kind)) {
      expected = usual.weights(Compute.EXACT).get(ModelComponent.UNET);
      fused = fused(kind);
      fused
          .weights(Compute.EXACT)
          .get(ModelComponent.UNET)
          .forEach((name, value) -> assertTrue(value.equal(expected.get(name)), name));
    }
    fused.close();
    assertEquals(
        "the fused LoRA is closed; fuse it again to generate with it",
        assertThrows(IllegalStateException.class, () -> fused.weights(Compute.EXACT))
            .getMessage());
  }

  /** Of a LoRA that is closed already. */
  private static FusedLora fused(String kind) {
    try (Lora lora = open("../kinds/" + kind)) {
      return lora.fuse(1);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"norm", "loha-tucker", "oft", "full", "glora", "dora-columns"})
  void writesEveryAlgorithmInKohyasKeyFormat(String kind) {
    Path file = files.resolve("kind.safetensors");
    try (TensorScope scope = TensorScope.open();
        Lora lora = open("../kinds/" + kind);
        FusedLora fused = lora.fuse(1)) {
      assertTrue(assertThrows(IllegalArgumentException.class, () -> lora.save(file))
          .getMessage()
          .endsWith(" cannot be stored in this key format; save the LoRA in the key format KOHYA"));
      lora.save(file, KeyFormat.KOHYA);
      try (Lora again = Lora.open(file, base);
          FusedLora both = again.fuse(1)) {
        assertEquals(lora.inspection().layers(), again.inspection().layers());
        assertEquals(lora.deltas().biases().keySet(), again.deltas().biases().keySet());
        fused
            .weights(Compute.EXACT)
            .get(ModelComponent.UNET)
            .forEach((name, value) -> assertTrue(
                torch.allclose(
                    both.weights(Compute.EXACT).get(ModelComponent.UNET).get(name),
                    value,
                    1e-6,
                    1e-6,
                    false),
                name));
      }
    }
  }

  @Test
  void addsNormsToThoseThatAreCarriedBeforeIt() {
    try (Lora first = open("../kinds/norm");
        Lora second = open("../kinds/norm");
        FusedLora fused = second.fuse(0.5)) {
      assertArrayEquals(
          generate(first.at(0.3), second.at(0.5)), generate(first.at(0.3), fused.adapter()), 2e-4f);
    }
  }

  @Test
  void addsLorasOfOneBaseOnly() {
    Path folder = GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, files.resolve("other"))
        .path();
    try (BaseModel other = GoldenFolder.load(folder);
        Lora here = open("wide");
        Lora there = Lora.open(GoldenLora.file("wide"), other)) {
      assertEquals(
          "the LoRAs to merge were opened on several bases; open all of them on one base",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> LoraMerge.merge(Map.of(here, 1.0, there, 1.0), 4))
              .getMessage());
    }
  }

  @Test
  void extractsTheLoraOfTwoModels() {
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, files).path();
    try (TensorScope scope = TensorScope.open();
        Lora lora = open("unet-only");
        FusedLora fused = lora.fuse(1)) {
      float[] adapted = generate(lora.at(1));
      assertArrayEquals(adapted, generate(fused.adapter()), 2e-4f);
      Map<String, Tensor> weights = new LinkedHashMap<>();
      EngineAccess.model(base)
          .tensorNames(ModelComponent.UNET)
          .forEach(name ->
              weights.put(name, EngineAccess.model(base).tensor(ModelComponent.UNET, name)));
      weights.putAll(fused.weights(Compute.EXACT).get(ModelComponent.UNET));
      weights.computeIfPresent("conv_out.bias", (name, value) -> value.add(new Scalar(1e-6)));
      SafetensorsWriter.write(
          folder.resolve("unet/diffusion_pytorch_model.safetensors"), weights, Map.of());
      try (BaseModel tuned = BaseModel.open(folder, Compute.EXACT);
          Lora found = LoraMerge.extract(base, tuned, 2)) {
        assertEquals(lora.inspection().layers(), found.inspection().layers());
        assertEquals(List.of("unet.conv_out.bias"), LoraMerge.omittedTensors(base, tuned));
        assertArrayEquals(adapted, generate(found.at(1)), 2e-4f);
      }
    }
    try (Lora none = LoraMerge.extract(base, base, 4)) {
      assertEquals(0, none.inspection().layers());
    }
  }

  @Test
  void weightsBlocksModulesAndStepsSeparately() {
    try (Lora lora = open("wide")) {
      float[] plain = generate();
      float[] whole = generate(lora.at(1));
      LoraWeight one = LoraWeight.of(1);
      assertArrayEquals(whole, generate(lora.at(one.block("unet", 1).overSteps(p -> 1))));
      assertArrayEquals(plain, generate(lora.at(one.block("unet", 0).block("text_encoder", 0))));
      assertArrayEquals(plain, generate(lora.at(0)));
      float[] middle = generate(lora.at(one.block("unet.mid_block", 0)));
      assertFalse(Arrays.equals(whole, middle));
      assertArrayEquals(
          whole,
          generate(lora.at(one.block("unet.mid_block", 0)
              .block("unet.mid_block.attentions", 1)
              .block("unet.mid_block.resnets", 1))));
      float[] late = generate(lora.at(one.overSteps(p -> p < 0.5 ? 0 : 1)));
      assertFalse(Arrays.equals(whole, late));
      assertFalse(Arrays.equals(plain, late));
      assertArrayEquals(
          generate(lora.at(0.3)), generate(lora.at(LoraWeight.of(0.6).overSteps(p -> 0.5))), 1e-6f);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "unet=0,text_encoder=0",
        "down=0,mid=0,up=0,text_encoder=0",
        "unet.down_blocks=0,unet.mid_block=0,unet.up_blocks=0,text_encoder=0",
        "unet=0,unet.mid_block=0,text_encoder=0,text_encoder.text_model=0",
        "unet=0,text_encoder=-0.0"
      })
  void hasNoEffectIfTheFactorsOfAllItsLayersAreZero(String blocks) {
    try (Lora lora = open("attention")) {
      assertEquals(lora.at(0), lora.at(LoraWeight.of(1).blocks(blocks)));
      assertEquals(lora.at(0), lora.at(LoraWeight.of(-2).blocks(blocks).overSteps(p -> p)));
      assertNotEquals(lora.at(0), lora.at(LoraWeight.of(1).blocks(blocks + ",mid=0.5")));
    }
    TextualInversion word = new TextualInversion("sks", Map.of(8, new float[8]));
    try (Lora lora = carrying(word)) {
      assertEquals(
          List.of(word),
          ModelAdapter.of(lora.at(LoraWeight.of(1).blocks(blocks))).textualInversions(),
          "a file without layers has no factor of a layer");
    }
  }

  @Test
  void writesNoHigherRankThanTheResultHas() {
    try (Lora pair = open("wide");
        Lora loha = open("../kinds/loha");
        Lora sum = LoraMerge.resize(pair, 100_000_000);
        Lora whole = LoraMerge.resize(loha, Integer.MAX_VALUE);
        Lora less = LoraMerge.resize(loha, 3)) {
      assertEquals(pair.inspection().rank(), sum.inspection().rank());
      assertEquals(3, less.inspection().rank());
      for (Lora made : List.of(sum, whole, less)) {
        Path file = files.resolve("rank.safetensors");
        made.save(file);
        assertEquals(made.inspection().rank(), Lora.inspect(file, base).rank());
        assertEquals(
            Integer.toString(made.inspection().rank()),
            made.metadata()
                .getOrDefault("ss_network_dim", "" + made.inspection().rank()));
      }
    }
  }

  @Test
  void keepsTheBytesOfTheBaseAndLeaksNoMemory() {
    String before = hash(EngineAccess.model(base));
    Compute compute = base.compute();
    long objects = 0;
    try (Lora lora = open("attention");
        Lora norms = open("../kinds/norm")) {
      generate(lora.at(1), norms.at(0.5));
      for (int i = 0; i < 1000; i++) {
        try (TensorScope scope = TensorScope.open()) {
          EngineAccess.model(base)
              .networks(StableDiffusionNetworks.class)
              .unet(ModelAdapter.of(lora.at(0.5))
                  .adapt(ModelComponent.UNET, compute)
                  .and(ModelAdapter.of(norms.at(1)).adapt(ModelComponent.UNET, compute)));
        }
        if (i == 10) {
          objects = Pointer.totalCount();
        }
      }
      assertEquals(objects, Pointer.totalCount(), "native objects after 1,000 times");
      assertTrue(lora.bytes() > 0);
    }
    assertEquals(before, hash(EngineAccess.model(base)));
  }
}
