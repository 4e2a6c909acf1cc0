package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.ImageRequest;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.weights.Safetensors;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LoRAs on bases with a language model, beside diffusers and peft: {@code tools/goldens/qwen_lora.py}. */
@ExtendWith(NoTensorLeaks.class)
class LanguageLoraTest {
  @TempDir
  private Path parent;

  @ParameterizedTest
  @CsvSource({"zimage, zimage/turbo, diffusers, Z_IMAGE", "zimage, zimage/turbo, makers, Z_IMAGE",
      "klein, klein/base, diffusers, FLUX2", "klein, klein/base, makers, FLUX2"})
  void drawsAsDiffusersDraws(String family, String variant, String names, LoraFamily told) {
    try (TensorScope scope = TensorScope.open();
        BaseModel base = BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT);
        Safetensors expected = Safetensors.open(GoldenLora.file("../qwen/images"));
        Lora lora = Lora.open(GoldenLora.file("../qwen/" + family + "-" + names), base)) {
      assertEquals(told, lora.report().family());
      Tensor image = expected.read(family).select(0, 0);
      ImageRequest request = ImageRequest.of("wow!! hello! ! it's 1999...").steps(2).guidance(3).size(16, 24).seed(31)
          .as(lora.at(0.8));
      Closeness.assertPicture(1e-3, image, base.generate(request), family + " " + names);
    }
  }

  @Test
  void refusesToTeachABaseWithALanguageModel() {
    try (BaseModel base = BaseModel.open(PipelineFolder.write("zimage/turbo", parent).path(), Compute.EXACT)) {
      assertEquals("a base with a language model cannot learn a person here; LoRAs taught elsewhere can be opened on it. Give"
          + " a base of Stable Diffusion or FLUX.1",
          assertThrows(IllegalArgumentException.class, () -> Pupil.of(base.parts())).getMessage());
    }
  }
}
