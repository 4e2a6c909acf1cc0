package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.internal.file.LoraFamilyDetector;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** LoRAs on Chroma, beside diffusers and peft: {@code tools/goldens/chroma.py}. */
@ExtendWith(NoTensorLeaks.class)
class ChromaLoraTest {
  @TempDir
  private Path parent;

  @ParameterizedTest
  @ValueSource(strings = {"diffusers", "kohya", "comfyui"})
  void generatesAsDiffusers(String names) {
    try (TensorScope scope = TensorScope.open();
        BaseModel base = open("chroma/base");
        Safetensors expected = Safetensors.open(GoldenLora.file("../chroma/images"));
        Lora lora = Lora.open(GoldenLora.file("../chroma/" + names), base)) {
      assertEquals("chroma", lora.inspection().family());
      ImageRequest request = ImageRequest.of("wow!! hello! ! it's 1999...")
          .steps(2)
          .guidance(3)
          .size(16, 24)
          .seed(31)
          .adapter(lora.at(0.8));
      Closeness.assertImage(
          1e-3, expected.read("images").select(0, 0), base.generate(request), names);
    }
  }

  @Test
  void detectsAFileByItsApproximatorOrMetadata() {
    try (TensorScope scope = TensorScope.open()) {
      Path blocks = file("lora_unet_double_blocks_0_img_attn_proj", Map.of());
      Path noted = file(
          "lora_unet_double_blocks_0_img_attn_proj",
          Map.of("modelspec.architecture", "chroma/lora"));
      Path approximator = file("lora_unet_distilled_guidance_layer_layers_1_in_layer", Map.of());
      assertEquals("flux", family(blocks), "its names alone are FLUX's, too");
      assertEquals(List.of("flux", "chroma"), candidates(blocks));
      assertEquals("chroma", family(noted));
      assertEquals(List.of("chroma"), candidates(noted));
      assertEquals("chroma", family(approximator));
      assertEquals(List.of("chroma"), candidates(approximator));
      Path modulation = file("lora_unet_double_blocks_0_img_mod_lin", Map.of());
      assertEquals(List.of("flux"), candidates(modulation));
      Path flux =
          file("lora_unet_double_blocks_0_txt_attn_proj", Map.of("ss_base_model_version", "flux1"));
      assertEquals(List.of("flux"), candidates(flux));
      try (BaseModel base = open("chroma/base");
          Lora lora = Lora.open(approximator, base)) {
        assertEquals(1, lora.inspection().layers());
      }
    }
  }

  @Test
  void refusesALoraOfFluxThatChangesModulation() {
    try (TensorScope scope = TensorScope.open();
        BaseModel base = open("chroma/base")) {
      Path flux = file("lora_unet_double_blocks_0_img_mod_lin", Map.of());
      String message =
          assertThrows(InvalidInputException.class, () -> Lora.open(flux, base)).getMessage();
      assertTrue(message.contains("is a LoRA for FLUX.1"), message);
      assertTrue(message.contains("Chroma"), message);
    }
  }

  private BaseModel open(String variant) {
    return BaseModel.open(PipelineFolder.write(variant, parent).path(), Compute.EXACT);
  }

  private static String family(Path file) {
    try (Safetensors tensors = Safetensors.open(file)) {
      return LoraFamilyDetector.of(tensors, tensors.metadata());
    }
  }

  private static List<String> candidates(Path file) {
    try (Safetensors tensors = Safetensors.open(file)) {
      return LoraFamilyDetector.candidates(tensors, tensors.metadata());
    }
  }

  private Path file(String stem, Map<String, String> metadata) {
    Map<String, Tensor> tensors = new HashMap<>();
    tensors.put(stem + ".lora_down.weight", torch.ones(2, stem.contains("layers") ? 20 : 32));
    tensors.put(stem + ".lora_up.weight", torch.ones(stem.contains("layers") ? 20 : 32, 2));
    Path file = parent.resolve(stem + metadata.size() + ".safetensors");
    SafetensorsWriter.write(file, tensors, metadata);
    return file;
  }
}
