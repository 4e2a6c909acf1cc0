package dev.likeness.diffusion.internal.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.BaseModels;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.internal.family.ModelComponents;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders of pipelines that draw more than a base does are refused when they are opened. */
@ExtendWith(NoTensorLeaks.class)
class ModelFolderTest {
  @TempDir
  private Path scratch;

  @Test
  void refusesNetworksThatItWouldNotUse() throws IOException {
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path();
    change(
        folder.resolve("model_index.json"),
        Map.of(
            "safety_checker",
            List.of("stable_diffusion", "StableDiffusionSafetyChecker"),
            "image_encoder",
            List.of("transformers", "CLIPVisionModelWithProjection"),
            "requires_safety_checker",
            true,
            "controlnet_list",
            List.of("controlnet", "RPMultiControlNetModel")));
    BaseModel.open(folder, Compute.EXACT).close();
    Files.createDirectory(folder.resolve("controlnet_list"));
    assertThrows(InvalidInputException.class, () -> BaseModel.open(folder, Compute.EXACT));
    Files.delete(folder.resolve("controlnet_list"));
    change(
        folder.resolve("model_index.json"),
        Map.of("motion_adapter", List.of("diffusers", "MotionAdapter")));
    String told = folder
        + ": its motion_adapter (MotionAdapter) belongs to a pipeline that is not supported; give a folder of the base"
        + " alone, and give a ControlNet separately";
    ModelComponents files = ModelOpener.open(folder);
    assertRefused(told, files);
    assertRefused(told, files.with("vae", folder.resolve("vae")));
  }

  @ParameterizedTest
  @CsvSource({"base, out_channels", "base, in_channels", "tiny-autoencoder, out_channels"})
  void refusesAnAutoencoderOfOtherThanImages(String variant, String option) throws IOException {
    Path folder =
        GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, scratch).path();
    Path config = folder.resolve("vae/config.json");
    change(config, Map.of(option, 6));
    assertRefused(
        config + ": option \"" + option + "\" is 6; only 3 is supported", ModelOpener.open(folder));
  }

  @Test
  void takesAVariantWhereItIs() throws IOException {
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path();
    assertEquals(
        folder
            + " has no weights of variant fp16 in any of [text_encoder, unet, vae]; give a variant"
            + " that the folder has, or leave the variant out",
        assertThrows(InvalidInputException.class, () -> ModelFolder.open(folder, "fp16"))
            .getMessage());
    Path half = folder.resolve("unet/diffusion_pytorch_model.fp16.safetensors");
    Files.copy(folder.resolve("unet/diffusion_pytorch_model.safetensors"), half);
    ModelFolder opened = ModelFolder.open(folder, "fp16");
    assertEquals(half, opened.weightsFile("unet"));
    assertEquals(
        folder.resolve("vae/diffusion_pytorch_model.safetensors"), opened.weightsFile("vae"));
  }

  /** As in diffusers 0.42.1, whatever the scheduler's own config says. */
  @Test
  void takesTheSchedulersClassFromTheIndex() throws IOException {
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, scratch).path();
    change(
        folder.resolve("model_index.json"),
        Map.of("scheduler", List.of("diffusers", "DDIMScheduler")));
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      assertEquals("DDIMScheduler", base.scheduler().className());
      assertEquals(1, base.scheduler().options().integer("steps_offset"));
    }
    Path config = folder.resolve("scheduler/scheduler_config.json");
    Map<String, Object> unnamed = new HashMap<>(ModelConfig.read(config).values());
    unnamed.remove("_class_name");
    Files.writeString(config, SingleFileWriter.json(unnamed));
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      assertEquals("DDIMScheduler", base.scheduler().className());
    }
  }

  @Test
  void takesATextEncodersClassFromTheIndex() throws IOException {
    Path folder =
        GoldenFolder.write("xl-base", GoldenFolder.KeyFormat.CURRENT, scratch).path();
    Path config = folder.resolve("text_encoder_2/config.json");
    change(config, Map.of("architectures", List.of("CLIPTextModel")));
    BaseModel.open(folder, Compute.EXACT).close();
    change(config, Map.of("use_attention_mask", true));
    assertThrows(InvalidInputException.class, () -> BaseModel.open(folder, Compute.EXACT));
  }

  private static void assertRefused(String words, ModelComponents files) {
    assertEquals(
        words,
        assertThrows(InvalidInputException.class, () -> BaseModels.open(files, Compute.EXACT))
            .getMessage());
  }

  private static void change(Path json, Map<String, Object> options) throws IOException {
    Map<String, Object> changed = new HashMap<>(ModelConfig.read(json).values());
    changed.putAll(options);
    Files.writeString(json, SingleFileWriter.json(changed));
  }
}
