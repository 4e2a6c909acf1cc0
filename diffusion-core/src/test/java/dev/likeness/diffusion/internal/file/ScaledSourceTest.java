package dev.likeness.diffusion.internal.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.tensor.DType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class ScaledSourceTest {
  @TempDir
  private Path folder;

  @Test
  void multipliesEachWeightByTheScaleBesideIt() {
    Path file = folder.resolve("scaled.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Tensor eighths = torch.randn(4, 3).to(ScalarType.Float8_e4m3fn);
      SafetensorsWriter.write(
          file,
          Map.of(
              "a.weight",
              eighths,
              "a.scale_weight",
              torch.full(new long[] {1}, new Scalar(0.25)),
              "b.weight",
              eighths,
              "b.weight_scale",
              torch.tensor(new float[] {1, 2, 3, 4}),
              "b.input_scale",
              torch.ones(1),
              "c.weight",
              eighths,
              "scaled_fp8",
              torch.zeros(2).to(ScalarType.Float8_e4m3fn)),
          Map.of());
      try (TensorSource source = TensorFileFormat.open(file)) {
        Tensor plain = eighths.to(ScalarType.Float);
        assertEquals(Set.of("a.weight", "b.weight", "c.weight"), source.names());
        assertTrue(torch.equal(plain.mul(new Scalar(0.25)), source.read("a.weight")));
        assertTrue(torch.equal(
            plain.mul(torch.tensor(new float[] {1, 2, 3, 4}).reshape(4, 1)),
            source.read("b.weight")));
        assertTrue(torch.equal(plain, source.read("c.weight").to(ScalarType.Float)));
      }
    }
  }

  @Test
  void readsWhatMarkersSayOfEightBits() {
    Path file = folder.resolve("marked.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Tensor eighths = torch.randn(4, 3).to(ScalarType.Float8_e4m3fn);
      Tensor whole = torch.randn(4, 3).mul(new Scalar(50)).to(ScalarType.Char);
      Tensor rows = torch.tensor(new float[] {1, 2, 3, 4}).reshape(4, 1);
      SafetensorsWriter.write(
          file,
          Map.of(
              "a.weight",
              eighths,
              "a.weight_scale",
              torch.full(new long[] {}, new Scalar(0.25)),
              "a.comfy_quant",
              text("{\"format\": \"float8_e4m3fn\"}"),
              "b.weight",
              whole,
              "b.weight_scale",
              rows,
              "b.comfy_quant",
              text("{\"format\": \"int8_tensorwise\", \"convrot\": false}"),
              "c.weight",
              eighths),
          Map.of(
              "_quantization_metadata",
              "{\"layers\": {\"c\": {\"format\": \"float8_e4m3fn\"}}}",
              "format",
              "pt"));
      try (TensorSource source = TensorFileFormat.open(file)) {
        assertEquals(Set.of("a.weight", "b.weight", "c.weight"), source.names());
        assertTrue(torch.equal(
            eighths.to(ScalarType.Float).mul(new Scalar(0.25)), source.read("a.weight")));
        assertTrue(torch.equal(whole.to(ScalarType.Float).mul(rows), source.read("b.weight")));
        assertEquals(DType.F32, source.dtype("b.weight"));
      }
    }
  }

  @Test
  void refusesNumbersThatWouldPassForWeights() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor whole = torch.ones(4, 64).to(ScalarType.Char);
      Tensor one = torch.ones(1);
      String advice = "give the model in bf16, f16 or float8, or as GGUF";
      String refusal = ", which is not supported; of the 8-bit formats, only float8 and"
          + " int8_tensorwise are supported, both without convrot: " + advice;
      assertRefused(
          folder,
          Map.of(
              "a.weight",
              whole,
              "a.weight_scale",
              one,
              "a.comfy_quant",
              text("{\"format\": \"int8_tensorwise\", \"convrot\": true}")),
          Map.of(),
          "\"a\" is stored as \"int8_tensorwise\" with rotated weights (convrot)" + refusal);
      assertRefused(
          folder,
          Map.of("a.weight", whole, "a.weight_scale", one),
          Map.of("_quantization_metadata", "{\"layers\": {\"a\": {\"format\": \"nvfp4\"}}}"),
          "\"a\" is stored as \"nvfp4\"" + refusal);
      assertRefused(
          folder,
          Map.of("a.weight", whole, "a.weight_scale", one),
          Map.of("_quantization_metadata", "{\"layers\": {\"a\": {}}}"),
          "\"a\" is stored in a format without a name" + refusal);
      for (Tensor integers :
          List.of(whole, whole.to(ScalarType.Byte), whole.to(ScalarType.Short))) {
        assertRefused(
            folder,
            Map.of("a.weight", integers),
            Map.of(),
            "\"a.weight\" has type "
                + Tensors.dtype(integers)
                + " without a scale in an unknown format, which is not supported; "
                + advice);
      }
      assertRefused(
          folder,
          Map.of("a.weight", whole, "a.comfy_quant", text("{\"format\": \"int8_tensorwise\"}")),
          Map.of(),
          "\"a.weight\" has type I8 without a scale in the format \"int8_tensorwise\", which is not supported; "
              + advice);
      assertRefused(
          folder,
          Map.of("a.weight", one, "a.comfy_quant", text("{")),
          Map.of(),
          "\"a.comfy_quant\" is not a JSON text with the format of "
              + "weights; download the file again");
    }
  }

  /** A weight of 200 rows and 192 columns, the names of its numbers and its scale. */
  static Stream<Arguments> publishedScales() {
    Tensor8 f8 = Tensor8.F8;
    Tensor8 i8 = Tensor8.I8;
    return Stream.of(
        arguments("weight", f8, "scale_weight", new long[] {}, 1, "ComfyUI"),
        arguments("weight", f8, "scale_weight", new long[] {1}, 1, "ComfyUI"),
        arguments("weight", f8, "weight_scale", new long[] {200}, 1, "ComfyUI, a row"),
        arguments("weight", f8, "weight_scale", new long[] {200, 1}, 1, "compressed-tensors"),
        arguments("weight", i8, "weight_scale", new long[] {200, 1}, 1, "compressed-tensors"),
        arguments("weight", f8, "weight_scale", new long[] {2, 2}, 1, "compressed-tensors, blocks"),
        arguments(
            "weight", i8, "weight_scale", new long[] {200, 6}, 1, "compressed-tensors, groups"),
        arguments("weight", f8, "weight_scale_inv", new long[] {2, 2}, 1, "transformers"),
        arguments("weight", f8, "weight_scale_inv", new long[] {}, 1, "transformers"),
        arguments("weight", f8, "scale", new long[] {2, 2}, 1, "DeepSeek"),
        arguments("weight", f8, "weight_quantizer._scale", new long[] {}, 1, "ModelOpt"),
        arguments("weight", f8, "weight_quantizer._scale", new long[] {200, 1}, 1, "ModelOpt"),
        arguments("weight", i8, "weight_quantizer._scale", new long[] {1, 1}, 1, "ModelOpt"),
        arguments("weight._data", i8, "weight._scale", new long[] {200, 1}, 1, "quanto"),
        arguments("weight._data", f8, "weight._scale", new long[] {1, 192}, 1, "quanto, a column"),
        arguments("_weight_qdata", f8, "_weight_scale", new long[] {200, 1}, 1, "torchao"),
        arguments("_weight_qdata", i8, "_weight_scale", new long[] {200, 3}, 1, "torchao"),
        arguments("weight", i8, "SCB", new long[] {200}, 7.874015718698502e-3, "bitsandbytes"));
  }

  @ParameterizedTest(name = "{5}: {2} {1}")
  @MethodSource("publishedScales")
  void readsEveryPublishedNameAndFormOfAScale(
      String numbers, Tensor8 type, String scale, long[] shape, double factor, String writer) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor stored = type.random(200, 192);
      Tensor scales = torch.rand(shape).add(new Scalar(0.5));
      Path file = folder.resolve("scaled.safetensors");
      SafetensorsWriter.write(
          file,
          Map.of("m." + numbers, stored, "m." + scale, scales, "m.input_scale", torch.ones(1)),
          Map.of());
      Tensor expected = stored.to(ScalarType.Float).clone();
      boolean isOfColumns = shape.length == 2 && shape[1] == 192;
      for (long i = 0; i < 200 && !isOfColumns; i++) {
        for (long from = 0; from < 192; from += 32) {
          expected
              .select(0, i)
              .slice(0, from(from), from(from + 32), 1)
              .mul_(scaleAt(scales, i, from));
        }
      }
      if (isOfColumns) {
        expected = expected.mul(scales);
      }
      TensorNames listed = TensorFileFormat.list(file);
      assertEquals(Set.of("m.weight"), listed.names());
      assertArrayEquals(new long[] {200, 192}, listed.shape("m.weight"));
      assertEquals(DType.F32, listed.dtype("m.weight"));
      try (TensorSource source = TensorFileFormat.open(file)) {
        assertEquals(Set.of("m.weight"), source.names());
        assertTrue(torch.equal(
            factor == 1 ? expected : expected.mul(new Scalar(factor)), source.read("m.weight")));
        assertEquals(
            type == Tensor8.F8 && scales.numel() == 1 ? scales.item_float() : 0,
            source.f8Scale("m.weight"));
      }
    }
  }

  // Blocks of 128, of which the last is cut off, or groups that divide the columns.
  private static Tensor scaleAt(Tensor scales, long row, long column) {
    if (scales.numel() == 1) {
      return scales.reshape(new long[0]);
    }
    long rows = scales.size(0) == 200 ? row : row / 128;
    long across = scales.dim() == 2 ? scales.size(1) : 1;
    long columns = across == 2 ? column / 128 : column / (192 / across);
    return scales.reshape(scales.size(0), across).select(0, rows).select(0, columns);
  }

  private static LongOptional from(long index) {
    return new LongOptional(index);
  }

  /** A type of stored numbers. */
  enum Tensor8 {
    F8,
    I8;

    Tensor random(long... shape) {
      Tensor values = torch.randn(shape).mul(new Scalar(40));
      return values.to(this == F8 ? ScalarType.Float8_e4m3fn : ScalarType.Char);
    }
  }

  @Test
  void aScaleOfOneRowBesideASquareWeightIsOneForEachColumn() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor stored = Tensor8.F8.random(6, 6);
      Tensor scale = torch.rand(1, 6).add(new Scalar(0.5));
      Path file = folder.resolve("square.safetensors");
      SafetensorsWriter.write(file, Map.of("m.weight", stored, "m.weight_scale", scale), Map.of());
      try (TensorSource source = TensorFileFormat.open(file)) {
        assertTrue(torch.equal(stored.to(ScalarType.Float).mul(scale), source.read("m.weight")));
      }
    }
  }

  @Test
  void readsConvolutionsBiasesAndZeroPoints() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor kernel = Tensor8.I8.random(4, 3, 3, 3);
      Tensor rows = torch.rand(4).add(new Scalar(0.5));
      Tensor whole = Tensor8.I8.random(4, 3);
      Tensor zero = torch.tensor(new float[] {3, -5, 0, 7}).to(ScalarType.Char).reshape(4, 1);
      Path file = folder.resolve("kinds.safetensors");
      SafetensorsWriter.write(
          file,
          Map.of(
              "conv.weight", kernel,
              "conv.weight_scale", rows.reshape(4, 1, 1, 1),
              "zero.weight", whole,
              "zero.weight_scale", rows.reshape(4, 1),
              "zero.weight_zero_point", zero,
              "attn.in_proj_weight", whole,
              "attn.in_proj_weight_scale", rows,
              "attn.in_proj_bias", rows),
          Map.of());
      try (TensorSource source = TensorFileFormat.open(file)) {
        assertEquals(
            Set.of("conv.weight", "zero.weight", "attn.in_proj_weight", "attn.in_proj_bias"),
            source.names());
        assertTrue(torch.equal(
            kernel.to(ScalarType.Float).mul(rows.reshape(4, 1, 1, 1)), source.read("conv.weight")));
        assertTrue(torch.equal(
            whole.to(ScalarType.Float).sub(zero).mul(rows.reshape(4, 1)),
            source.read("zero.weight")));
        assertTrue(torch.equal(
            whole.to(ScalarType.Float).mul(rows.reshape(4, 1)),
            source.read("attn.in_proj_weight")));
      }
    }
  }

  @Test
  void refusesScalesThatDoNotFit() {
    try (TensorScope scope = TensorScope.open()) {
      String advice = "; supported are floating-point scales, one for the whole weight, for each"
          + " row, for each column or for each block of equal size: give the model in bf16, f16 or"
          + " float8, or as GGUF";
      for (long[] shape : List.of(
          new long[] {3},
          new long[] {64},
          new long[] {4, 3},
          new long[] {1, 4},
          new long[] {3, 64},
          new long[] {2, 4},
          new long[] {1, 2},
          new long[] {2, 1},
          new long[] {1, 4, 1},
          new long[] {0})) {
        assertRefused(
            folder,
            Map.of("a.weight", Tensor8.F8.random(4, 64), "a.weight_scale", torch.ones(shape)),
            Map.of(),
            "\"a.weight_scale\" has type F32 and shape " + Arrays.toString(shape)
                + " beside a weight of [4, 64]" + advice);
      }
      assertRefused(
          folder,
          Map.of(
              "a.weight", Tensor8.F8.random(4, 64),
              "a.weight_scale", torch.ones(4, 2).to(ScalarType.Byte)),
          Map.of(),
          "\"a.weight_scale\" has type U8 and shape [4, 2] beside a weight of [4, 64]" + advice);
      assertRefused(
          folder,
          Map.of(
              "a.weight", Tensor8.I8.random(4, 64),
              "a.weight_scale", torch.ones(4, 1),
              "a.weight_zero_point", torch.ones(4, 2).to(ScalarType.Char)),
          Map.of(),
          "\"a.weight_zero_point\" has type I8 and shape [4, 2] beside a weight of [4, 64]"
              + advice);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a.weight_scale_2",
        "a.scales",
        "a.weight.scale",
        "a.weight_quantizer._double_scale",
        "a.input_quantizer._pre_quant_scale",
        "a._weight_act_pre_scale",
        "a.weight_g_idx",
        "a.anything",
        "a.weight._shift"
      })
  void refusesWhatIsNotKnownBesideEightBits(String other) {
    try (TensorScope scope = TensorScope.open()) {
      for (Tensor8 type : Tensor8.values()) {
        assertRefused(
            folder,
            Map.of(
                "a.weight",
                type.random(4, 4),
                "a.weight_scale",
                torch.ones(1),
                other,
                torch.ones(1)),
            Map.of(),
            "the tensor \"" + other
                + "\" beside the 8-bit tensor \"a.weight\" is not known, and may"
                + " be its scale; give the model in bf16, f16 or float8, or as GGUF");
      }
    }
  }

  @Test
  void takesScalesFromAnotherShard() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor stored = Tensor8.F8.random(4, 4);
      Tensor scale = torch.rand(4, 1);
      Path index = folder.resolve("model.safetensors.index.json");
      SafetensorsWriter.write(
          folder.resolve("model-00001-of-00002.safetensors"), Map.of("m.weight", stored), Map.of());
      SafetensorsWriter.write(
          folder.resolve("model-00002-of-00002.safetensors"),
          Map.of("m.weight_scale", scale),
          Map.of());
      assertDoesNotThrow(() -> Files.writeString(
          index,
          "{\"weight_map\": {\"m.weight\": \"model-00001-of-00002.safetensors\","
              + " \"m.weight_scale\": \"model-00002-of-00002.safetensors\"}}"));
      for (TensorSource shards : List.of(
          ShardedSource.open(index, TensorFileFormat::openStored),
          ShardedSource.withoutIndex(
              folder.resolve("model-00001-of-00002.safetensors"), TensorFileFormat::openStored))) {
        try (TensorSource source = ScaledSource.of(shards)) {
          assertEquals(Set.of("m.weight"), source.names());
          assertTrue(torch.equal(stored.to(ScalarType.Float).mul(scale), source.read("m.weight")));
        }
      }
    }
  }

  @Test
  void refusesTensorsOfTorchaoWithSeveralWeightsInANumber() {
    try (TensorScope scope = TensorScope.open()) {
      for (String type : List.of("Int4Tensor", "MXTensor", "NVFP4Tensor")) {
        assertRefused(
            folder,
            Map.of("a._weight_qdata", Tensor8.I8.random(4, 2), "a._weight_scale", torch.ones(4, 1)),
            Map.of(
                "tensor_names",
                "[\"a.weight\"]",
                "a.weight",
                "{\"_type\": \"" + type + "\", \"_data\": {}}"),
            "\"a.weight\" is stored as \"" + type
                + "\" of torchao, which is not supported; give the"
                + " model in bf16, f16 or float8, or as GGUF");
      }
    }
  }

  @Test
  void refusesRowsInAnotherOrder() {
    try (TensorScope scope = TensorScope.open()) {
      assertRefused(
          folder,
          Map.of(
              "a.weight", Tensor8.I8.random(4, 4),
              "a.SCB", torch.ones(4),
              "a.weight_format", torch.ones(new long[0]).to(ScalarType.Byte)),
          Map.of(),
          "\"a.weight_format\" says that the rows of the weight are in another order, which is not"
              + " supported; give the model in bf16, f16 or float8, or as GGUF");
    }
  }

  private static void assertRefused(
      Path folder, Map<String, Tensor> tensors, Map<String, String> metadata, String message) {
    Path file = folder.resolve("odd.safetensors");
    SafetensorsWriter.write(file, tensors, metadata);
    assertEquals(
        file + ": " + message,
        assertThrows(InvalidInputException.class, () -> TensorFileFormat.open(file))
            .getMessage());
  }

  private static Tensor text(String json) {
    return torch.tensor(json.getBytes(StandardCharsets.UTF_8)).to(ScalarType.Byte);
  }
}
