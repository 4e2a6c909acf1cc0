package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Folders that diffusers and transformers saved in 8 bits, with the settings of the quantisation.
 */
@ExtendWith(NoTensorLeaks.class)
class QuantizedFolderTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("red hair").steps(1).size(32, 32).seed(5);

  @TempDir
  private Path folder;

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource({
    "flux/dev, transformer, bitsandbytes, weight, SCB, true",
    "flux/dev, transformer, quanto, weight._data, weight._scale, true",
    "flux/dev, transformer, torchao, _weight_qdata, _weight_scale, false",
    "flux/dev, transformer, modelopt, weight, weight_quantizer._scale, false",
    "sd3/medium, transformer, compressed-tensors, weight, weight_scale, true",
    "zimage/turbo, text_encoder, fp8, weight, weight_scale_inv, false",
    "chroma/base, text_encoder, fbgemm_fp8, weight, weight_scale, false",
    "sd1/base, unet, bitsandbytes, weight, SCB, true",
    "sd1/base, vae, quanto, weight._data, weight._scale, false"
  })
  void generatesTheImageOfTheScaledWeights(
      String name, String component, String method, String numbers, String scale, boolean integers)
      throws IOException {
    Path base = PipelineFolder.any(name, folder);
    float[] before = generate(base);
    Path file = new ComponentFolder(base.resolve(component), null).weights();
    Map<String, Tensor> stored = new LinkedHashMap<>();
    Map<String, Tensor> plain = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open()) {
      try (Safetensors source = Safetensors.open(file)) {
        for (String tensor : source.names()) {
          Tensor value = source.read(tensor).clone();
          if (value.dim() != 2 || !tensor.endsWith(".weight")) {
            stored.put(tensor, value);
            plain.put(tensor, value);
            continue;
          }
          String module = tensor.substring(0, tensor.length() - "weight".length());
          double range = integers ? 127 : 448;
          Tensor rows = value.abs().amax(new long[] {1}, true).clamp_min_(new Scalar(1e-6));
          Tensor small = value
              .div(rows)
              .mul(new Scalar(range))
              .round()
              .to(integers ? ScalarType.Char : ScalarType.Float8_e4m3fn);
          boolean ofBytes = scale.equals("SCB");
          Tensor factor = ofBytes ? rows.view(-1) : rows.div(new Scalar(range));
          stored.put(module + numbers, small);
          stored.put(module + scale, factor);
          stored.put(module + "input_scale", rows.select(0, 0));
          Tensor wide = small.to(ScalarType.Float).mul(ofBytes ? rows : factor);
          plain.put(tensor, ofBytes ? wide.mul(new Scalar(7.874015718698502e-3)) : wide);
        }
      }
      SafetensorsWriter.write(file, plain, Map.of());
      float[] expected = generate(base);
      assertFalse(Arrays.equals(before, expected), "8 bits change the image");
      SafetensorsWriter.write(file, stored, Map.of());
      Path config = base.resolve(component).resolve("config.json");
      Map<String, Object> options = new LinkedHashMap<>(ModelConfig.read(config).values());
      options.put("quantization_config", Map.of("quant_method", method));
      Files.write(config, JSON.std.asBytes(options));
      assertArrayEquals(expected, generate(base));
    }
  }

  private static float[] generate(Path base) {
    try (BaseModel model = BaseModel.open(base, Compute.EXACT)) {
      return model.generate(REQUEST).pixels();
    }
  }
}
