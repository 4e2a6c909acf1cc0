package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenImages;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Options of {@code generate} that diffusers' pipelines have by name, against their images. */
@ExtendWith(NoTensorLeaks.class)
class OptionsOfDiffusersTest {
  private static final double IMAGES = 1e-3;

  /** The options by the names of diffusers. Sizes are heights and widths there. */
  private static final Map<String, String> OPTIONS = Map.ofEntries(
      Map.entry("eta", "--eta"),
      Map.entry("negative_prompt", "--negative"),
      Map.entry("prompt_2", "--prompt-2"),
      Map.entry("prompt_3", "--prompt-3"),
      Map.entry("negative_prompt_2", "--negative-2"),
      Map.entry("negative_prompt_3", "--negative-3"),
      Map.entry("max_sequence_length", "--max-sequence-length"),
      Map.entry("true_cfg_scale", "--true-cfg"),
      Map.entry("denoising_end", "--denoising-end"),
      Map.entry("original_size", "--original-size"),
      Map.entry("crops_coords_top_left", "--crop-top-left"),
      Map.entry("target_size", "--target-size"),
      Map.entry("negative_original_size", "--negative-original-size"),
      Map.entry("negative_crops_coords_top_left", "--negative-crop-top-left"),
      Map.entry("negative_target_size", "--negative-target-size"),
      Map.entry("aesthetic_score", "--aesthetic-score"),
      Map.entry("negative_aesthetic_score", "--negative-aesthetic-score"));

  private static final Map<String, Path> MODELS = new HashMap<>();

  @TempDir
  private static Path folder;

  static List<GoldenImages.Run> runs() {
    return GoldenImages.runs("diffusers-options");
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesTheImagesOfDiffusers(GoldenImages.Run run, @TempDir Path scratch) {
    Path tensors = scratch.resolve("run.safetensors");
    List<String> args = new ArrayList<>(List.of(
        "generate",
        "--base=" + model(run.text("folder")),
        "--prompt=" + run.text("prompt"),
        "--steps=" + run.integer("steps"),
        "--guidance=" + run.arguments().get("guidance"),
        "--seed=" + run.integer("seed"),
        "--width=" + run.integer("width"),
        "--height=" + run.integer("height"),
        "--dtype=f32",
        "--device=cpu",
        "--tensors=" + tensors,
        "--out=" + scratch.resolve("out")));
    map(run, "call").forEach((name, value) -> args.add(argument(name, value)));
    if (run.text("scheduler") != null) {
      args.add("--scheduler=" + run.text("scheduler"));
    }
    map(run, "options")
        .forEach((name, value) -> args.add("--scheduler-option=" + name + "=" + value));
    if (run.arguments().get("refiner") != null) {
      args.add("--refiner=" + model("sdxl/xl-refiner"));
      map(run, "refiner").forEach((name, value) -> args.add(argument(name, value)));
    }
    CommandResult result = CommandResult.of(args.toArray(String[]::new));
    assertEquals(0, result.status(), result.err());
    try (TensorScope scope = TensorScope.open();
        Safetensors written = Safetensors.open(tensors);
        GoldenImages expected = GoldenImages.open("diffusers-options", scratch)) {
      Closeness.assertWithin(
          IMAGES,
          expected.tensor("run" + run.index() + ".images"),
          Closeness.everySecond(Closeness.everySecond(written.read("images"), -2), -1),
          String.join(" ", args));
    }
  }

  private static Path model(String name) {
    return MODELS.computeIfAbsent(name, each -> PipelineFolder.any(each, folder));
  }

  private static String argument(String name, Object value) {
    if (value instanceof List<?> pair) {
      return OPTIONS.get(name) + "="
          + (name.contains("crops")
              ? pair.get(0) + "," + pair.get(1)
              : pair.get(1) + "x" + pair.get(0));
    }
    return OPTIONS.get(name) + "=" + value;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(GoldenImages.Run run, String name) {
    return (Map<String, Object>) run.arguments().get(name);
  }
}
