package dev.likeness.diffusion.internal.nn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.ScaledSource;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.memory.Calibration.LayerInputs;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.memory.WeightResidence;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products in f8, by libtorch's implementation for CPUs. A GPU has the same operator. */
@ExtendWith(NoTensorLeaks.class)
class F8LinearTest {
  private static final long IN = 320;
  private static final long OUT = 96;

  @TempDir
  private Path scratch;

  @ParameterizedTest
  @CsvSource({"F32, 1", "BF16, 1", "F32, 0.00037", "BF16, 0.00037"})
  void isTheLayerWithTokensRoundedToF8(DType type, float scale) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        LoadedWeights weights = weights(scale, type)) {
      Linear layer = new Linear(Weights.of(weights).at("layer"), IN, OUT);
      Tensor bias = weights.get("layer.bias", OUT);
      for (Tensor x : inputs()) {
        Tensor typed = x.to(bias.scalar_type());
        Tensor actual = layer.forward(typed);
        Tensor wide = Weights.of(weights).matrix("layer.weight", OUT, IN).tensor();
        Tensor exact = torch.linear(typed, wide, new TensorOptional(bias));
        assertArrayEquals(exact.shape(), actual.shape());
        double off = distance(exact, actual);
        // Rounding to 3 mantissa bits errs by up to 1/16, evenly spread: 0.0625 / sqrt(3) at most.
        assertTrue(off > 0.01 && off < 0.036, type + ": " + off + " of the result's size");
        Linear bare = Linear.withoutBias(Weights.of(weights).at("layer"), IN, OUT);
        double rounded =
            distance(torch.linear(inF8(typed), wide.to(ScalarType.Float)), bare.forward(typed));
        assertTrue(rounded < (type == DType.F32 ? 1e-5 : 6e-3), "of rounded tokens: " + rounded);
      }
    }
  }

  /** Tokens of several layouts and very different sizes, one of zeros. */
  private static Tensor[] inputs() {
    torch.manual_seed(3);
    Tensor many =
        torch.randn(2, 70, IN).mul(torch.randn(2, 70, 1).mul(new Scalar(6)).exp());
    many.select(1, 3).zero_();
    return new Tensor[] {
      torch.randn(70, IN),
      many,
      torch.randn(2, IN, 70).transpose(1, 2),
      torch.randn(IN, 70).t()
    };
  }

  /** Returns the tokens in f32, rounded to f8 after scaling each to a maximum of 448. */
  private static Tensor inF8(Tensor x) {
    Tensor factor = torch
        .amax(x.abs(), new long[] {-1}, true)
        .reciprocal()
        .mul(new Scalar(448))
        .clamp_max(new Scalar(32768));
    return x.mul(factor)
        .to(ScalarType.Float8_e4m3fn)
        .to(ScalarType.Float)
        .div(factor.to(ScalarType.Float));
  }

  @Test
  void doesNotDependOnOtherTokens() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        LoadedWeights weights = weights(1, DType.F32)) {
      Linear layer = new Linear(Weights.of(weights).at("layer"), IN, OUT);
      Tensor x = torch.randn(64, IN);
      Tensor loud = torch.cat(new TensorVector(x, x.mul(new Scalar(1e4))), 0);
      assertEquals(0, distance(layer.forward(x), layer.forward(loud).narrow(0, 0, 64)), 1e-6);
    }
  }

  @ParameterizedTest
  @CsvSource({"1", "0.00037", "3.1e-7"})
  void keepsTheStoredNumbers(float scale) {
    try (TensorScope scope = TensorScope.open();
        LoadedWeights weights = weights(scale, DType.BF16);
        LoadedWeights mapped = new LoadedWeights(
            this::open,
            compute(DType.BF16),
            WeightResidence.MAPPED,
            BlockNames.NONE,
            LayerInputs.NONE);
        Safetensors file = Safetensors.open(file())) {
      weights.load();
      F8Linear.Weight weight = assertInstanceOf(
          F8Linear.Weight.class, Weights.of(weights).matrix("layer.weight", OUT, IN));
      assertArrayEquals(
          ImageTensors.floats(file.read("old.weight")),
          ImageTensors.floats(weight.matrix().get().values()),
          "the bits of the file");
      assertArrayEquals(
          ImageTensors.floats(mapped.get("layer.weight", OUT, IN)),
          ImageTensors.floats(weight.tensor()),
          "the numbers that other layers use");
    }
  }

  @Test
  void widensOtherWeights() {
    try (TensorScope scope = TensorScope.open();
        LoadedWeights weights = weights(1, DType.F32)) {
      for (String other : new String[] {"odd", "rows", "wide"}) {
        LayerWeight weight =
            Weights.of(weights).matrix(other + ".weight", weights.shape(other + ".weight"));
        assertFalse(weight instanceof F8Linear.Weight, other);
      }
    }
  }

  @Test
  void multipliesFewTokensAndGradientsInTheWiderType() {
    try (TensorScope scope = TensorScope.open();
        LoadedWeights weights = weights(1, DType.F32)) {
      Linear layer = Linear.withoutBias(Weights.of(weights).at("layer"), IN, OUT);
      Tensor wide = Weights.of(weights).matrix("layer.weight", OUT, IN).tensor();
      Tensor one = torch.randn(15, IN);
      try (NoGradGuard guard = new NoGradGuard()) {
        assertEquals(0, distance(torch.linear(one, wide), layer.forward(one)), 1e-6);
      }
      Tensor x = torch.randn(70, IN).set_requires_grad(true);
      Tensor y = layer.forward(x);
      assertEquals(0, distance(torch.linear(x, wide), y), 1e-6);
      y.sum().backward();
      Tensor gradient = wide.sum(0).expand(70, IN);
      assertEquals(0, distance(gradient, x.grad()), 1e-5);
    }
  }

  /** The values of a streamed weight are loaded for each use, its factors once. */
  @ParameterizedTest
  @CsvSource({"1", "0.5", "0.00037", "3.1e-7", "12"})
  void keepsTheFactorsOfAStreamedWeight(float scale) {
    String name = "transformer_blocks.0.layer.weight";
    try (TensorScope scope = TensorScope.open()) {
      weights(scale, DType.F32).close();
      try (LoadedWeights weights = new LoadedWeights(
          () -> RenamedSource.of(
              open(), key -> key.replaceFirst("^layer\\.", "transformer_blocks.0.layer.")),
          compute(DType.F32),
          WeightResidence.F8_STREAMED,
          BlockNames.of("transformer_blocks"),
          LayerInputs.NONE)) {
        Map<F8Linear.Factors, float[]> first = loaded(weights, name);
        Map<F8Linear.Factors, float[]> again = loaded(weights, name);
        F8Linear.Factors kept = first.keySet().iterator().next();
        assertSame(kept, again.keySet().iterator().next());
        assertArrayEquals(first.get(kept), again.get(kept));
        assertEquals(scale, kept.scale().item_float());
        assertEquals(scale != 1, kept.isScaled());
        weights.release();
        F8Linear.Factors anew = loaded(weights, name).keySet().iterator().next();
        assertNotSame(kept, anew);
        assertEquals(scale, anew.scale().item_float());
      }
    }
  }

  /** Returns the factors and the values of a weight while its block is loaded. */
  private static Map<F8Linear.Factors, float[]> loaded(LoadedWeights weights, String name) {
    try (Parameters.Block block = weights.block("transformer_blocks.0")) {
      block.load();
      F8Linear.Matrix matrix = assertInstanceOf(F8Linear.Weight.class, block.matrix(name, OUT, IN))
          .matrix()
          .get();
      return Map.of(matrix.factors(), ImageTensors.floats(matrix.values()));
    }
  }

  @Test
  void refusesAFileWithoutF8() {
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file(), Map.of("w", torch.randn(32, 32)), Map.of());
      assertEquals(
          file()
              + ": 8-bit matrix products on a GPU need matrices in F8_E4M3, but the file has none;"
              + " give a file with such weights, or turn 8-bit matrix products off",
          assertThrows(
                  InvalidInputException.class,
                  () -> new LoadedWeights(
                      () -> Safetensors.open(file()),
                      Compute.EXACT,
                      WeightResidence.F8_MATMUL,
                      BlockNames.NONE,
                      LayerInputs.NONE))
              .getMessage());
    }
  }

  private static double distance(Tensor exact, Tensor actual) {
    Tensor wide = exact.to(ScalarType.Double);
    // Each token counts alike.
    Tensor size = wide.norm(new ScalarOptional(new Scalar(2)), new long[] {-1}, true);
    Tensor off = wide.sub(actual.to(ScalarType.Double)).div(size.clamp_min(new Scalar(1e-9)));
    return off.norm().item_double() / Math.sqrt(wide.numel() / (double) wide.size(-1));
  }

  private static Compute compute(DType type) {
    return Compute.cpu(type);
  }

  private Path file() {
    return scratch.resolve("f8.safetensors");
  }

  private TensorSource open() {
    TensorSource scaled = ScaledSource.of(Safetensors.open(file()));
    return RenamedSource.of(scaled, name -> name.replace("old.", "layer."));
  }

  private LoadedWeights weights(float scale, DType type) {
    torch.manual_seed(1);
    Map<String, Tensor> all = new LinkedHashMap<>();
    ScalarType f8 = ScalarType.Float8_e4m3fn;
    // With a scale, files use the whole range of f8.
    Tensor normal = torch.randn(OUT, IN).mul(new Scalar(scale == 1 ? 0.05 : 90));
    all.put("old.weight", normal.to(f8));
    all.put("old.bias", torch.randn(OUT).mul(new Scalar(0.05)));
    if (scale != 1) {
      all.put("old.scale_weight", torch.full(new long[] {1}, new Scalar(scale)));
    }
    all.put("odd.weight", torch.randn(OUT, 24).to(f8));
    all.put("rows.weight", torch.randn(OUT, IN).to(f8));
    all.put("rows.scale_weight", torch.rand(OUT, 1));
    all.put("wide.weight", torch.randn(OUT, IN));
    SafetensorsWriter.write(file(), all, Map.of());
    return new LoadedWeights(
        this::open, compute(type), WeightResidence.F8_MATMUL, BlockNames.NONE, LayerInputs.NONE);
  }
}
