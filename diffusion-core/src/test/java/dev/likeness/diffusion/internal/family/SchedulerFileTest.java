package dev.likeness.diffusion.internal.family;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/**
 * The timesteps of PNDM and DDIM are those of the pipelines and of {@code from_config} in diffusers
 * 0.42.1.
 */
class SchedulerFileTest {
  private static final String TEXT_TO_IMAGE = "StableDiffusionPipeline";
  private static final String INPAINTING = "StableDiffusionInpaintPipeline";

  @Test
  void overrulesWhatAConfigLeftOutUntilTheSchedulerIsSwitched() {
    SchedulerConfig pndm = read(TEXT_TO_IMAGE, "PNDMScheduler", Map.of("skip_prk_steps", true));
    assertArrayEquals(new double[] {751, 501, 501, 251, 1}, pndm.plan(4).timesteps());
    assertArrayEquals(new double[] {750, 500, 250, 0}, pndm.with("DDIM").plan(4).timesteps());
    assertArrayEquals(
        new double[] {751, 501, 501, 251, 1},
        pndm.with("timestep_spacing", "leading").plan(4).timesteps());
  }

  @Test
  void overrulesWhatAConfigGaveForGood() {
    SchedulerConfig pndm = read(
        TEXT_TO_IMAGE,
        "PNDMScheduler",
        Map.of("skip_prk_steps", true, "steps_offset", 0, "clip_sample", true));
    assertArrayEquals(new double[] {751, 501, 251, 1}, pndm.with("DDIM").plan(4).timesteps());
    assertFalse(pndm.with("DDIM").options().flag("clip_sample"));
  }

  @Test
  void overrulesAsTheFoldersPipelineDoes() {
    SchedulerConfig drawing = read(TEXT_TO_IMAGE, "DDIMScheduler", Map.of());
    assertFalse(drawing.options().flag("clip_sample"));
    assertTrue(drawing.with("DDPM").options().flag("clip_sample"));
    SchedulerConfig inpainting = read(INPAINTING, "DDIMScheduler", Map.of());
    assertTrue(inpainting.options().flag("clip_sample"));
    assertEquals(1, inpainting.options().integer("steps_offset"));
    assertTrue(read(INPAINTING, "PNDMScheduler", Map.of()).options().flag("skip_prk_steps"));
    assertFalse(read(TEXT_TO_IMAGE, "PNDMScheduler", Map.of()).options().flag("skip_prk_steps"));
  }

  private static SchedulerConfig read(
      String pipeline, String className, Map<String, Object> options) {
    Map<String, Object> json = new LinkedHashMap<>(options);
    json.put("_class_name", className);
    return StableDiffusionNetworks.scheduler(
        ModelConfig.of(json, "scheduler_config.json"), pipeline);
  }
}
