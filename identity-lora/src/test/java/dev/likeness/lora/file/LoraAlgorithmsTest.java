package dev.likeness.lora.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
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
 * Layers with each kind of change beside the forward passes of LyCORIS and peft:
 * {@code lycoris_kinds.py}, {@code old_oft.py}, {@code peft_kinds.py}.
 */
@ExtendWith(NoTensorLeaks.class)
class LoraAlgorithmsTest extends OnGoldenBase {
  // Of an output's spread: sums of up to 512 products in f32.
  private static final double TOLERANCE = 5e-6;

  static Stream<Arguments> algorithms() {
    return Stream.of("reference", "old-oft-reference", "peft-kinds-reference")
        .flatMap(
            reference -> ((List<?>) GoldenLora.record("../kinds/" + reference).get("kinds"))
                .stream().map(kind -> arguments(reference, kind)));
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
                  base.unwrap(StableDiffusionNetworks.class).unetConfig().groups(),
                  layer.out(),
                  base.unwrap(StableDiffusionNetworks.class).unetConfig().eps())
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
        return base.unwrap(OpenModel.class).tensorNames(ModelComponent.UNET).contains(name);
      }

      @Override
      public Tensor get(String name, long... shape) {
        return base.unwrap(OpenModel.class).tensor(ModelComponent.UNET, name);
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
  void keepsTheBytesOfTheBase() {
    String before = hash(base.unwrap(OpenModel.class));
    try (TensorScope scope = TensorScope.open();
        Lora lora = Lora.open(file("dora"), base);
        FusedLora fused = lora.fuse(0.5)) {
      Adaptation adapted =
          ModelAdapter.of(fused.adapter()).adapt(ModelComponent.UNET, Compute.EXACT);
      List<String> changed = base.unwrap(OpenModel.class).tensorNames(ModelComponent.UNET).stream()
          .filter(adapted::replaces)
          .toList();
      assertFalse(changed.isEmpty());
      for (String name : changed) {
        Tensor own = base.unwrap(OpenModel.class).tensor(ModelComponent.UNET, name);
        assertFalse(torch.equal(own, adapted.tensor(name, own)), name + " is not changed");
      }
      assertEquals(before, hash(base.unwrap(OpenModel.class)));
    }
  }
}
