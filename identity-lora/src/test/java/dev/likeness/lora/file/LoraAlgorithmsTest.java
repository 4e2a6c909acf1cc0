package dev.likeness.lora.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.GroupNorm;
import dev.likeness.diffusion.internal.nn.LayerNorm;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.FusedLora;
import dev.likeness.lora.GoldenLora;
import dev.likeness.lora.Lora;
import dev.likeness.lora.LoraMerge;
import dev.likeness.lora.LoraParts;
import dev.likeness.lora.OnGoldenBase;
import dev.likeness.lora.internal.algorithm.LokrDelta;
import dev.likeness.lora.internal.algorithm.TargetLayer;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Layers with each kind of change beside the forward passes of LyCORIS, OneTrainer and peft:
 * {@code kinds_lycoris.py}, {@code kinds_old_oft.py}, {@code kinds_onetrainer_oft.py},
 * {@code kinds_peft.py}, {@code kinds_peft_other.py}.
 */
@ExtendWith(NoTensorLeaks.class)
class LoraAlgorithmsTest extends OnGoldenBase {
  // Of an output's spread: sums of up to 512 products in f32.
  private static final double TOLERANCE = 5e-6;

  /** Factors with a bias, which no weight can hold where the layer has none. */
  private static final String BIASED = "lora-bias";

  static Stream<Arguments> algorithms() {
    return Stream.of(
            "reference",
            "old-oft-reference",
            "onetrainer-oft-reference",
            "peft-kinds-reference",
            "peft-other-reference")
        .flatMap(reference -> ((List<?>)
                GoldenLora.record("../kinds/" + reference).get("kinds"))
            .stream().filter(kind -> !kind.equals(BIASED)).map(kind -> arguments(reference, kind)));
  }

  private static Path file(String kind) {
    return GoldenLora.file("../kinds/" + kind);
  }

  @ParameterizedTest
  @MethodSource("algorithms")
  void computesAsItsOwnLibrary(String reference, String kind) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard inference = new NoGradGuard();
        Safetensors expected = Safetensors.open(file(reference));
        Lora lora = Lora.open(file(kind), base);
        FusedLora fused = lora.fuse(1)) {
      assertTrue(lora.inspection().isComplete());
      Set<TargetLayer> layers =
          new LinkedHashSet<>(LoraParts.changes(lora).weights().keySet());
      assertTrue(!layers.isEmpty());
      for (TargetLayer layer : layers) {
        Tensor input = expected.read("input." + layer.path());
        Tensor output = expected.read(kind + "." + layer.path());
        Tensor beside = forward(
            layer, ModelAdapter.of(lora.at(1)).adapt(ModelComponent.UNET, Compute.EXACT), input);
        Closeness.assertWithinSpread(TOLERANCE, output, beside, kind + " beside " + layer);
        Tensor merged = forward(
            layer,
            ModelAdapter.of(fused.adapter()).adapt(ModelComponent.UNET, Compute.EXACT),
            input);
        Closeness.assertWithinSpread(TOLERANCE, output, merged, kind + " merged into " + layer);
      }
    }
  }

  private static Tensor forward(TargetLayer layer, Adaptation adaptation, Tensor x) {
    Weights w = Weights.of(baseParameters(), adaptation).at(layer.path());
    if (layer.isNorm()) {
      return x.dim() == 4
          ? new GroupNorm(
                  w,
                  EngineAccess.model(base)
                      .networks(StableDiffusionNetworks.class)
                      .unetConfig()
                      .groups(),
                  layer.out(),
                  EngineAccess.model(base)
                      .networks(StableDiffusionNetworks.class)
                      .unetConfig()
                      .eps())
              .forward(x)
          : new LayerNorm(w, layer.out()).forward(x);
    }
    if (layer.isConvolution()) {
      return new Conv2d(w, layer.in(), layer.out(), (int) layer.kernelSize()).forward(x);
    }
    return (w.has("bias")
            ? new Linear(w, layer.in(), layer.out())
            : Linear.withoutBias(w, layer.in(), layer.out()))
        .forward(x);
  }

  private static Parameters baseParameters() {
    return new Parameters() {
      @Override
      public boolean has(String name) {
        return EngineAccess.model(base).tensorNames(ModelComponent.UNET).contains(name);
      }

      @Override
      public Tensor get(String name, long... shape) {
        return EngineAccess.model(base).tensor(ModelComponent.UNET, name);
      }
    };
  }

  @ParameterizedTest
  @ValueSource(strings = {"lokr", "lokr-both", "lokr-full", "lokr-tucker"})
  void keepsEveryKroneckerProductAsItsFactors(String kind) {
    try (Lora lora = Lora.open(file(kind), base)) {
      LoraParts.changes(lora)
          .weights()
          .forEach((layer, change) -> assertInstanceOf(LokrDelta.class, change, layer.name()));
    }
  }

  /**
   * As the first LoKr files of convolutions are cut, their windows across both factors; the smaller
   * sides are odd for that.
   */
  @ParameterizedTest
  @CsvSource({"down_blocks.0.resnets.0.conv1", "down_blocks.0.downsamplers.0.conv"})
  void computesConvolutionsWhoseKernelsBothFactorsShare(String path, @TempDir Path folder) {
    Path file = folder.resolve("flat.safetensors");
    String stem = "lora_unet_" + path.replace('.', '_') + ".";
    try (TensorScope scope = TensorScope.open();
        NoGradGuard inference = new NoGradGuard();
        NoiseSource noise = NoiseSource.seeded(8L)) {
      SafetensorsWriter.write(
          file,
          Map.of(
              stem + "lokr_w1",
              noise.next(4, 24).squeeze(0),
              stem + "lokr_w2_a",
              noise.next(8, 2).squeeze(0),
              stem + "lokr_w2_b",
              noise.next(2, 12).squeeze(0)),
          Map.of());
      try (Lora lora = Lora.open(file, base);
          FusedLora fused = lora.fuse(1)) {
        TargetLayer layer =
            LoraParts.changes(lora).weights().keySet().iterator().next();
        Tensor input = noise.next(32, 6, 5);
        Closeness.assertWithinSpread(
            TOLERANCE,
            forward(
                layer,
                ModelAdapter.of(fused.adapter()).adapt(ModelComponent.UNET, Compute.EXACT),
                input),
            forward(
                layer,
                ModelAdapter.of(lora.at(1)).adapt(ModelComponent.UNET, Compute.EXACT),
                input),
            path);
        assertEquals(4 * (4 * 24 + 8 * 12), lora.bytes(), "factors alone are placed");
      }
    }
  }

  @Test
  void addsABiasToLayersThatHaveNone() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard inference = new NoGradGuard();
        Safetensors expected = Safetensors.open(file("peft-other-reference"));
        Lora lora = Lora.open(file(BIASED), base)) {
      assertBiased(expected, lora);
      assertThrows(InvalidInputException.class, () -> lora.fuse(1));
      assertThrows(InvalidInputException.class, () -> LoraMerge.resize(lora, 4));
    }
  }

  private static void assertBiased(Safetensors expected, Lora lora) {
    Set<TargetLayer> layers =
        new LinkedHashSet<>(LoraParts.changes(lora).weights().keySet());
    assertEquals(4, layers.size());
    Adaptation adapted = ModelAdapter.of(lora.at(1)).adapt(ModelComponent.UNET, Compute.EXACT);
    for (TargetLayer layer : layers) {
      Closeness.assertWithinSpread(
          TOLERANCE,
          expected.read(BIASED + "." + layer.path()),
          forward(layer, adapted, expected.read("input." + layer.path())),
          layer.name());
    }
  }

  /** peft's format cannot hold the difference of a bias that the base has. */
  @Test
  void savesABiasOfALayerThatHasNone(@TempDir Path folder) {
    Path one = folder.resolve("one.safetensors");
    Path copy = folder.resolve("copy.safetensors");
    String key = "unet.mid_block.attentions.0.transformer_blocks.0.attn1.to_q.";
    try (TensorScope scope = TensorScope.open();
        NoGradGuard inference = new NoGradGuard();
        NoiseSource noise = NoiseSource.seeded(9L)) {
      SafetensorsWriter.write(
          one,
          Map.of(
              key + "lora_A.weight", noise.next(2, 64).squeeze(0),
              key + "lora_B.weight", noise.next(64, 2).squeeze(0),
              key + "lora_B.bias", noise.next(64).squeeze(0)),
          Map.of("lora_adapter_metadata", "{\"r\": 2, \"lora_alpha\": 5}"));
      Tensor input = noise.next(3, 64);
      try (Lora lora = Lora.open(one, base)) {
        assertThrows(IllegalArgumentException.class, () -> lora.save(copy, KeyFormat.KOHYA));
        lora.save(copy);
        try (Lora again = Lora.open(copy, base)) {
          Closeness.assertWithinSpread(
              TOLERANCE, outputOfFirst(lora, input), outputOfFirst(again, input), "saved again");
        }
      }
    }
  }

  private static Tensor outputOfFirst(Lora lora, Tensor input) {
    return forward(
        LoraParts.changes(lora).weights().keySet().iterator().next(),
        ModelAdapter.of(lora.at(0.5)).adapt(ModelComponent.UNET, Compute.EXACT),
        input);
  }

  @Test
  void changesEmbeddingTablesAsPeft(@TempDir Path folder) {
    Path copy = folder.resolve("copy.safetensors");
    try (TensorScope scope = TensorScope.open();
        NoGradGuard inference = new NoGradGuard();
        Safetensors expected = Safetensors.open(file("peft-other-reference"));
        Lora lora = Lora.open(file("lora-embedding"), base);
        FusedLora fused = lora.fuse(1)) {
      assertEquals(
          Set.of(LoraAlgorithm.LORA, LoraAlgorithm.EMBEDDING), lora.inspection().algorithms());
      assertEmbedding(expected, ModelAdapter.of(lora.at(1)));
      assertEmbedding(expected, ModelAdapter.of(fused.adapter()));
      assertThrows(IllegalArgumentException.class, () -> lora.save(copy, KeyFormat.KOHYA));
      lora.save(copy);
      try (Lora again = Lora.open(copy, base)) {
        assertEmbedding(expected, ModelAdapter.of(again.at(1)));
      }
    }
  }

  private static void assertEmbedding(Safetensors expected, ModelAdapter adapter) {
    Adaptation adapted = adapter.adapt(ModelComponent.TEXT_ENCODER, Compute.EXACT);
    long[] numbers = ((List<?>)
            GoldenLora.record("../kinds/peft-other-reference").get("ids"))
        .stream().mapToLong(id -> ((Number) id).longValue()).toArray();
    Tensor ids = torch.tensor(numbers).view(1, -1);
    String table = "text_model.embeddings.token_embedding.weight";
    assertTrue(adapted.replaces(table));
    Tensor own = EngineAccess.model(base).tensor(ModelComponent.TEXT_ENCODER, table);
    Closeness.assertWithinSpread(
        TOLERANCE,
        expected.read("lora-embedding.rows"),
        torch.embedding(adapted.tensor(table, own), ids),
        "rows of the table");
    Tensor hidden = EngineAccess.model(base)
        .networks(StableDiffusionNetworks.class)
        .textEncoder(adapted)
        .forward(ids, 0)
        .tokens();
    Closeness.assertWithinSpread(
        2e-5, expected.read("lora-embedding.hidden"), hidden, "text encoder");
  }

  @Test
  void keepsTheBytesOfTheBase() {
    String before = hash(EngineAccess.model(base));
    try (TensorScope scope = TensorScope.open();
        Lora lora = Lora.open(file("dora"), base);
        FusedLora fused = lora.fuse(0.5)) {
      Adaptation adapted =
          ModelAdapter.of(fused.adapter()).adapt(ModelComponent.UNET, Compute.EXACT);
      List<String> changed = EngineAccess.model(base).tensorNames(ModelComponent.UNET).stream()
          .filter(adapted::replaces)
          .toList();
      assertFalse(changed.isEmpty());
      for (String name : changed) {
        Tensor own = EngineAccess.model(base).tensor(ModelComponent.UNET, name);
        assertFalse(torch.equal(own, adapted.tensor(name, own)), name + " is not changed");
      }
      assertEquals(before, hash(EngineAccess.model(base)));
    }
  }
}
