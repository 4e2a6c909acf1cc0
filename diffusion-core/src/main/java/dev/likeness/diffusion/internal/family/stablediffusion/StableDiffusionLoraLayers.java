package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.family.LoraLayers;
import dev.likeness.diffusion.internal.family.LoraLayers.Kind;
import dev.likeness.diffusion.internal.family.LoraLayers.OriginalNames;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Stable Diffusion's kinds in LoRA files, which the widths of their attentions to the text tell
 * apart.
 */
final class StableDiffusionLoraLayers {
  static final LoraLayers LAYERS = new LoraLayers(
      List.of(
          kind(
              "sdxl-refiner",
              "the refiner of Stable Diffusion XL",
              1280,
              "(?=.*xl).*refiner.*",
              false,
              null,
              null),
          kind(
              "sdxl",
              "Stable Diffusion XL",
              2048,
              ".*xl.*",
              false,
              "sdxl_base_v1-0",
              "stable-diffusion-xl-v1-base"),
          kind(
              "sd2",
              "Stable Diffusion 2.x",
              1024,
              ".*v2.*",
              true,
              "sd_v2",
              "stable-diffusion-v2-768-v"),
          kind("sd1", "Stable Diffusion 1.x", 768, ".*v1.*", true, "sd_v1", "stable-diffusion-v1")),
      List.of(),
      null,
      OriginalNames.NONE);

  private StableDiffusionLoraLayers() {}

  private static Kind kind(
      String id,
      String title,
      long width,
      String noted,
      boolean weak,
      String base,
      String architecture) {
    return new Kind(
        id,
        title,
        width,
        Set.of(),
        id.equals("sdxl"),
        Pattern.compile(noted),
        weak,
        base,
        architecture,
        id.equals("sd2"));
  }
}
