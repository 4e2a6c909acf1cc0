package dev.likeness.diffusion.golden;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.PromptOptions;
import dev.likeness.diffusion.request.SizeConditioning;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Options that diffusers' pipelines have by name, set on requests. */
@ExtendWith(NoTensorLeaks.class)
class DiffusersOptionsTest {
  private static final double IMAGES = 1e-3;

  private static final Map<String, Path> MODELS = new HashMap<>();

  @TempDir
  private static Path folder;

  static List<GoldenImages.Run> runs() {
    return GoldenImages.runs("diffusers-options");
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesTheImagesOfDiffusers(GoldenImages.Run run, @TempDir Path scratch) {
    Map<String, Object> call = map(run, "call");
    ImageRequest request = request(run, call);
    GeneratedImage image;
    try (BaseModel base = BaseModel.open(model(run.text("folder")), Compute.EXACT)) {
      image = base.generate(
          sized(request.size(run.integer("width"), run.integer("height")), call, Map.of(), false)
              .denoisingRange(0, number(call, "denoising_end", 1)));
    }
    if (run.arguments().get("refiner") != null) {
      // The refiner has one text encoder, which gets the first prompts.
      ImageRequest rest = sized(
              request.prompts(request.prompts().encoderPrompts(PromptOptions.EncoderPrompts.NONE)),
              call,
              map(run, "refiner"),
              true)
          .initialImage(InitialImage.of(image.latents()))
          .denoisingRange(number(call, "denoising_end", 1), 1);
      try (BaseModel refiner = BaseModel.open(model("sdxl/xl-refiner"), Compute.EXACT)) {
        image = refiner.generate(rest);
      }
    }
    try (TensorScope scope = TensorScope.open();
        GoldenImages expected = GoldenImages.open("diffusers-options", scratch)) {
      Closeness.assertImage(
          IMAGES,
          expected.tensor("run" + run.index() + ".images").select(0, 0),
          image,
          run.arguments().toString());
    }
  }

  private static Path model(String name) {
    return MODELS.computeIfAbsent(name, each -> PipelineFolder.any(each, folder));
  }

  private static ImageRequest request(GoldenImages.Run run, Map<String, Object> call) {
    PromptOptions prompts = PromptOptions.of(run.text("prompt"))
        .encoderPrompts(new PromptOptions.EncoderPrompts(
            text(call, "prompt_2"),
            text(call, "prompt_3"),
            text(call, "negative_prompt_2"),
            text(call, "negative_prompt_3")));
    prompts = text(call, "negative_prompt").map(prompts::negative).orElse(prompts);
    int length = (int) number(call, "max_sequence_length", 0);
    ImageRequest request = ImageRequest.of(run.text("prompt"))
        .prompts(length == 0 ? prompts : prompts.maxSequenceLength(length))
        .guidance(run.number("guidance", 0))
        .guidance(GuidanceOptions.DEFAULT.trueCfgScale(number(call, "true_cfg_scale", 1)))
        .steps(run.integer("steps"))
        .seed(run.integer("seed"));
    request = run.text("scheduler") == null ? request : request.scheduler(run.text("scheduler"));
    request = call.get("eta") == null ? request : request.eta(number(call, "eta", 0));
    for (Map.Entry<String, Object> option : map(run, "options").entrySet()) {
      request = request.schedulerOption(option.getKey(), option.getValue());
    }
    return request;
  }

  private static Optional<String> text(Map<String, Object> call, String name) {
    return Optional.ofNullable((String) call.get(name));
  }

  private static ImageRequest sized(
      ImageRequest request, Map<String, Object> call, Map<String, Object> scores, boolean refiner) {
    if (!call.containsKey("original_size") && scores.isEmpty()) {
      return request;
    }
    SizeConditioning positive =
        sizes(call, "").aestheticScore(number(scores, "aesthetic_score", 6));
    boolean own = call.containsKey("negative_original_size") || refiner;
    return own
        ? request.sizeConditioning(
            positive,
            sizes(call, call.containsKey("negative_original_size") ? "negative_" : "")
                .aestheticScore(refiner ? number(scores, "negative_aesthetic_score", 2.5) : 6))
        : request.sizeConditioning(positive);
  }

  private static SizeConditioning sizes(Map<String, Object> call, String prefix) {
    int[] original = pair(call, prefix + "original_size");
    int[] corner = pair(call, prefix + "crops_coords_top_left");
    int[] target = pair(call, prefix + "target_size");
    SizeConditioning sizes = SizeConditioning.DEFAULT.cropTopLeft(corner[1], corner[0]);
    sizes = original[0] == 0 ? sizes : sizes.originalSize(original[1], original[0]);
    return target[0] == 0 ? sizes : sizes.targetSize(target[1], target[0]);
  }

  private static int[] pair(Map<String, Object> call, String name) {
    return call.get(name) instanceof List<?> pair
        ? new int[] {((Number) pair.get(0)).intValue(), ((Number) pair.get(1)).intValue()}
        : new int[2];
  }

  private static double number(Map<String, Object> values, String name, double otherwise) {
    return values.get(name) instanceof Number number ? number.doubleValue() : otherwise;
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> map(GoldenImages.Run run, String name) {
    return (Map<String, Object>) run.arguments().get(name);
  }
}
