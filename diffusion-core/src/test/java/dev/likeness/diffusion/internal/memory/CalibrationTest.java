package dev.likeness.diffusion.internal.memory;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.memory.Calibration.LayerInputs;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.Conv2d;
import dev.likeness.diffusion.internal.nn.Linear;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.cpu.InputRange;
import dev.likeness.diffusion.internal.nn.cpu.LayerWeight;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class CalibrationTest {
  private static final Map<String, String> MARK = Map.of("likeness.calibration", "1");

  @TempDir
  private Path folder;

  private Path network;
  private Path file;

  @BeforeEach
  void writeNetwork() {
    network = folder.resolve("network.safetensors");
    file = folder.resolve("eight-bits.safetensors");
    torch.manual_seed(4);
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(
          network,
          Map.of(
              "linear.weight", torch.randn(96, 64),
              "linear.bias", torch.randn(96),
              "conv.weight", torch.randn(64, 64, 3, 3),
              "conv.bias", torch.randn(64),
              "small.weight", torch.randn(4, 64)),
          Map.of());
    }
  }

  private Calibration read() {
    try (Safetensors names = Safetensors.open(network)) {
      return Calibration.read(file, names.header());
    }
  }

  @Test
  void readsWhatItWrote() {
    float[] divisors = new float[64];
    for (int i = 0; i < divisors.length; i++) {
      divisors[i] = 1 + i;
    }
    new Calibration(Map.of(
            "linear.weight",
            new InputRange(-1.5, 2, divisors),
            "conv.weight",
            InputRange.of(-0.25, 4)))
        .write(file);
    Map<String, InputRange> ranges = read().ranges();
    assertEquals(Set.of("linear.weight", "conv.weight"), ranges.keySet());
    assertEquals(-1.5, ranges.get("linear.weight").low());
    assertEquals(2, ranges.get("linear.weight").high());
    assertArrayEquals(divisors, ranges.get("linear.weight").divisors());
    assertEquals(-0.25, ranges.get("conv.weight").low());
    assertEquals(0, ranges.get("conv.weight").divisors().length);
  }

  @Test
  void refusesFilesThatAreNoCalibration() {
    try (TensorScope scope = TensorScope.open()) {
      for (Map<String, String> metadata :
          new Map[] {Map.of(), Map.of("format", "pt"), Map.of("likeness.calibration", "2")}) {
        SafetensorsWriter.write(file, Map.of("linear.weight", torch.zeros(2)), metadata);
        assertEquals(
            file + " is not a calibration of 8-bit products; make one with likeness calibrate",
            assertThrows(InvalidInputException.class, this::read).getMessage());
      }
    }
  }

  @ParameterizedTest
  @MethodSource("others")
  void refusesRangesOfOtherBases(String name, float[] range, String told) {
    write(name, range, ScalarType.Float);
    assertEquals(
        file + told.replace("NETWORK", network.toString()),
        assertThrows(InvalidInputException.class, this::read).getMessage());
  }

  static Stream<Arguments> others() {
    String missing = ", but NETWORK has no such layer; the calibration is for another base: make"
        + " one for this base with likeness calibrate";
    String shape = "; the calibration is for another base or broken: make one for this base with"
        + " likeness calibrate";
    String numbers = " is not a range of finite numbers; make the calibration again with likeness"
        + " calibrate";
    float[] zero = new float[66];
    zero[1] = 1;
    return Stream.of(
        Arguments.of("other.weight", new float[2], " has a range for \"other.weight\"" + missing),
        Arguments.of("linear.bias", new float[2], " has a range for \"linear.bias\"" + missing),
        Arguments.of("small.weight", new float[2], " has a range for \"small.weight\"" + missing),
        Arguments.of(
            "linear.weight",
            new float[3],
            ": the range \"linear.weight\" is F32 [3], expected F32 [2] or [66]" + shape),
        Arguments.of(
            "conv.weight",
            new float[1],
            ": the range \"conv.weight\" is F32 [1], expected F32 [2] or [66]" + shape),
        Arguments.of(
            "conv.weight",
            new float[98],
            ": the range \"conv.weight\" is F32 [98], expected F32 [2] or [66]" + shape),
        Arguments.of(
            "linear.weight", new float[] {Float.NaN, 1}, ": the range \"linear.weight\"" + numbers),
        Arguments.of(
            "linear.weight",
            new float[] {0, Float.POSITIVE_INFINITY},
            ": the range \"linear.weight\"" + numbers),
        Arguments.of(
            "linear.weight", new float[] {1, -1}, ": the range \"linear.weight\"" + numbers),
        Arguments.of("conv.weight", zero, ": the range \"conv.weight\"" + numbers));
  }

  @Test
  void refusesRangesOfOtherTypes() {
    write("linear.weight", new float[] {0, 1}, ScalarType.BFloat16);
    assertEquals(
        file + ": the range \"linear.weight\" is BF16 [2], expected F32 [2] or [66]; the"
            + " calibration is for another base or broken: make one for this base with likeness"
            + " calibrate",
        assertThrows(InvalidInputException.class, this::read).getMessage());
  }

  private void write(String name, float[] range, ScalarType type) {
    try (TensorScope scope = TensorScope.open()) {
      SafetensorsWriter.write(file, Map.of(name, torch.tensor(range).to(type)), MARK);
    }
  }

  @Test
  void layersWithARangeMultiplyInEightBitsAndOthersExactly() {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        LoadedWeights exact = weights(WeightResidence.RESIDENT, LayerInputs.NONE);
        LoadedWeights rounded = weights(
            WeightResidence.INT8_MATMUL,
            new LayerInputs(
                Optional.of(new Calibration(Map.of("conv.weight", InputRange.of(-4, 4)))),
                Optional.empty()))) {
      Weights w = Weights.of(rounded);
      assertTrue(w.matrix("conv.weight", 64, 64, 3, 3).usesInt8Matmul());
      assertFalse(w.matrix("linear.weight", 96, 64).usesInt8Matmul());
      Tensor x = torch.randn(2, 64, 8, 8);
      Tensor expected = new Conv2d(Weights.of(exact).at("conv"), 64, 64, 3).forward(x);
      double off =
          new Conv2d(w.at("conv"), 64, 64, 3).forward(x).sub(expected).norm().item_double()
              / expected.norm().item_double();
      assertEquals(Compute.hasCpuInt8() ? 0.01 : off, off, 0.009, "bytes round to about 1 %");
      Tensor tokens = torch.randn(2, 40, 64);
      assertTrue(torch.equal(
          new Linear(Weights.of(exact).at("linear"), 64, 96).forward(tokens),
          new Linear(w.at("linear"), 64, 96).forward(tokens)));
    }
  }

  @Test
  void measurementFindsTheRangeAndTheErrorOfEachLayer() {
    // Without VNNI the sums of bytes that it compares saturate, and no calibration is made.
    assumeTrue(Compute.hasCpuInt8(), "this CPU has no VNNI");
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        InputMeasurement measurement = new InputMeasurement();
        LoadedWeights weights = weights(
            WeightResidence.MAPPED, new LayerInputs(Optional.empty(), Optional.of(measurement)))) {
      Conv2d conv = new Conv2d(Weights.of(weights).at("conv"), 64, 64, 3);
      Linear linear = new Linear(Weights.of(weights).at("linear"), 64, 96);
      Tensor image = torch.rand(2, 64, 8, 8);
      Tensor tokens = torch.randn(2, 40, 64);
      // One channel of tokens is a hundred times as large: divisors keep the others' bytes.
      tokens.select(2, 5).mul_(new Scalar(100.0));
      Tensor few = torch.randn(1, 2, 64).mul_(new Scalar(1e6));
      for (int step = 0; step < 20; step++) {
        conv.forward(image);
        conv.forwardUpsampled(image.mul(new Scalar(0.5)));
        linear.forward(tokens);
        linear.forward(few);
      }
      List<Integer> compared = new ArrayList<>();
      measurement.compare(compared::add);
      assertEquals(List.of(1, 2), compared);
      Map<String, InputRange> ranges = measurement.calibration(1).ranges();
      assertEquals(Set.of("conv.weight", "linear.weight"), ranges.keySet());
      assertEquals(0, ranges.get("conv.weight").low(), 1e-6, "the image has no negative number");
      assertEquals(image.max().item_double(), ranges.get("conv.weight").high(), 1e-6);
      assertEquals(0, ranges.get("conv.weight").divisors().length);
      assertEquals(64, ranges.get("linear.weight").divisors().length);
      assertTrue(ranges.get("linear.weight").high() < 1e5, "too few tokens are not measured");
      assertTrue(measurement.errors().values().stream().allMatch(off -> off > 0 && off < 0.02));
      assertEquals(Map.of(), measurement.calibration(1e-6).ranges(), "no layer is so exact");
    }
  }

  private LoadedWeights weights(WeightResidence residence, LayerInputs inputs) {
    return new LoadedWeights(
        () -> Safetensors.open(network), Compute.EXACT, residence, BlockNames.NONE, inputs);
  }

  @Test
  void layersPassTheirInputsToTheObserverAlone() {
    int[] seen = new int[1];
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard();
        LoadedWeights plain = weights(WeightResidence.MAPPED, LayerInputs.NONE);
        LoadedWeights watched = weights(
            WeightResidence.MAPPED,
            new LayerInputs(Optional.empty(), Optional.of((layer, input, product) -> {
              seen[0]++;
              assertTrue(
                  torch.equal(product.apply(input, layer.own()), product.apply(input, layer)));
            })))) {
      Tensor x = torch.randn(2, 64, 8, 8);
      assertTrue(torch.equal(
          new Conv2d(Weights.of(plain).at("conv"), 64, 64, 3).forward(x),
          new Conv2d(Weights.of(watched).at("conv"), 64, 64, 3).forward(x)));
      assertEquals(1, seen[0]);
      LayerWeight small = Weights.of(watched).matrix("small.weight", 4, 64);
      assertFalse(small instanceof LayerWeight.Observed, "too small for eight bits");
    }
  }
}
