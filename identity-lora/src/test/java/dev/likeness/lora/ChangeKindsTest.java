package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.nn.Conv2d;
import dev.likeness.diffusion.nn.GroupNorm;
import dev.likeness.diffusion.nn.LayerNorm;
import dev.likeness.diffusion.nn.Linear;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.Parameters;
import dev.likeness.diffusion.weights.Safetensors;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.lora.change.Layer;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Layers with each kind of change beside LyCORIS's and peft's own forward passes: {@code lycoris_kinds.py}, {@code old_oft.py}. */
@ExtendWith(NoTensorLeaks.class)
class ChangeKindsTest {
  // Of an output's spread: sums of up to 512 products in f32.
  private static final double TOLERANCE = 5e-6;

  private static BaseModel base;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    base = GoldenFolder.loaded(GoldenFolder.write("base", GoldenFolder.Spelling.TODAY, parent).path());
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  static Stream<Arguments> kinds() {
    return Stream.of("reference", "old-oft-reference").flatMap(reference ->
        ((List<?>) GoldenLora.record("../kinds/" + reference).get("kinds")).stream().map(kind -> arguments(reference, kind)));
  }

  private static Path file(String kind) {
    return GoldenLora.file("../kinds/" + kind);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void answersAsItsOwnLibrary(String reference, String kind) {
    try (TensorScope scope = TensorScope.open(); NoGradGuard inference = new NoGradGuard();
        Safetensors expected = Safetensors.open(file(reference)); Lora lora = Lora.open(file(kind), base);
        FusedLora fused = lora.fuse(1)) {
      assertTrue(lora.report().isComplete());
      Set<Layer> layers = new LinkedHashSet<>(lora.changes().weights().keySet());
      assertTrue(!layers.isEmpty());
      for (Layer layer : layers) {
        Tensor input = expected.read("input." + layer.path());
        Tensor output = expected.read(kind + "." + layer.path());
        Tensor beside = forward(layer, lora.at(1).adapt(Part.UNET, Compute.EXACT), input);
        Closeness.assertWithinSpread(TOLERANCE, output, beside, kind + " beside " + layer);
        Tensor merged = forward(layer, fused.adapt(Part.UNET, Compute.EXACT), input);
        Closeness.assertWithinSpread(TOLERANCE, output, merged, kind + " merged into " + layer);
      }
    }
  }

  private static Tensor forward(Layer layer, Adaptation adaptation, Tensor x) {
    Weights w = Weights.of(own(), adaptation).at(layer.path());
    if (layer.isNorm()) {
      return x.dim() == 4 ? new GroupNorm(w, base.networks().unetConfig().groups(), layer.out(),
          base.networks().unetConfig().eps()).forward(x) : new LayerNorm(w, layer.out()).forward(x);
    }
    if (layer.isConvolution()) {
      return new Conv2d(w, layer.in(), layer.out(), (int) layer.kernel()).forward(x);
    }
    return (w.has("bias") ? new Linear(w, layer.in(), layer.out()) : Linear.withoutBias(w, layer.in(), layer.out()))
        .forward(x);
  }

  private static Parameters own() {
    return new Parameters() {
      @Override
      public boolean has(String name) {
        return base.networks().tensorNames(Part.UNET).contains(name);
      }

      @Override
      public Tensor get(String name, long... shape) {
        return base.networks().tensor(Part.UNET, name);
      }
    };
  }

  @Test
  void leavesTheBaseItsBytes() {
    try (TensorScope scope = TensorScope.open(); Lora lora = Lora.open(file("dora"), base)) {
      double before = base.networks().tensor(Part.UNET, "conv_in.weight").sum().item_double();
      try (FusedLora fused = lora.fuse(0.5)) {
        assertTrue(!fused.weights(Compute.EXACT).isEmpty());
      }
      assertEquals(before, base.networks().tensor(Part.UNET, "conv_in.weight").sum().item_double());
    }
  }
}
