package dev.likeness.diffusion.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.model.TensorFileFormat;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.DType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class ScaledSourceTest {
  @Test
  void multipliesEachWeightByTheScaleBesideIt(@TempDir Path folder) {
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
  void readsWhatMarkersSayOfEightBits(@TempDir Path folder) {
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
  void refusesNumbersThatWouldPassForWeights(@TempDir Path folder) {
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
      assertRefused(
          folder,
          Map.of("a.weight", whole, "a.weight_scale", one),
          Map.of(),
          "\"a.weight\" has type I8 in an unknown format, which is not supported; " + advice);
      assertRefused(
          folder,
          Map.of("a.weight", whole, "a.comfy_quant", text("{\"format\": \"int8_tensorwise\"}")),
          Map.of(),
          "\"a.weight\" has type I8 without a scale in the format \"int8_tensorwise\", which is not supported; "
              + advice);
      assertRefused(
          folder,
          Map.of(
              "a.weight",
              torch.randn(4, 64).to(ScalarType.Float8_e4m3fn),
              "a.weight_scale",
              torch.ones(4, 2)),
          Map.of(),
          "\"a.weight_scale\" has type F32 and shape [4, 2] beside a weight of [4, 64]; supported are"
              + " floating-point scales, one for the whole weight or one for each row: " + advice);
      assertRefused(
          folder,
          Map.of("a.weight", one, "a.comfy_quant", text("{")),
          Map.of(),
          "\"a.comfy_quant\" is not a JSON text with the format of "
              + "weights; download the file again");
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
