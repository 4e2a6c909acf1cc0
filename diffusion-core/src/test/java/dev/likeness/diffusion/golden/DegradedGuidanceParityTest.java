package dev.likeness.diffusion.golden;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.DegradedGuidance;
import dev.likeness.diffusion.request.GuidanceOptions;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Guidance away from weakened networks, and the guidance rules on Stable Diffusion 3. */
@ExtendWith(NoTensorLeaks.class)
class DegradedGuidanceParityTest {
  @TempDir
  private Path scratch;

  static List<GoldenImages.Run> runs() {
    return GoldenImages.runs("weakened");
  }

  @ParameterizedTest
  @MethodSource("runs")
  void generatesAsDiffusers(GoldenImages.Run run) {
    Path folder = PipelineFolder.any(run.text("folder"), scratch);
    GoldenFolder.schedule(folder, (Map<?, ?>) run.arguments().get("scheduler"));
    try (GoldenImages golden = GoldenImages.open("weakened", scratch);
        BaseModel base = BaseModel.open(folder, Compute.EXACT);
        TensorScope scope = TensorScope.open()) {
      ImageRequest request = GoldenImages.baseRequest(run).guidance(options(run));
      golden.compareImages(run, base.generateAll(request, Run.silent()));
    }
  }

  @Test
  void refusesDegradedGuidanceThatTheModelLacks() throws IOException {
    try (BaseModel flux =
        BaseModel.open(PipelineFolder.any("flux/schnell", scratch), Compute.EXACT)) {
      assertRefused(
          flux,
          DegradedGuidance.skipLayers(1),
          "a base of the family flux does not support skip-layer guidance (--skip-layers); leave it out");
    }
    try (BaseModel three =
        BaseModel.open(PipelineFolder.any("sd3/three", scratch), Compute.EXACT)) {
      assertRefused(
          three,
          DegradedGuidance.skipLayers(1, 3),
          "skip-layer guidance can skip blocks 0..2 of this model, got [1, 3]");
      assertRefused(
          three,
          DegradedGuidance.perturbedAttention("mid"),
          "perturbed-attention guidance (--pag-layers): no self-attention of this model has \"mid\""
              + " in its name; give a part of a name such as transformer_blocks.0.attn");
    }
    try (BaseModel base = BaseModel.open(PipelineFolder.any("sd1/base", scratch), Compute.EXACT)) {
      assertRefused(
          base,
          DegradedGuidance.skipLayers(1),
          "a base of the family stablediffusion does not support skip-layer guidance (--skip-layers); use"
              + " perturbed-attention guidance (--pag-layers), or leave it out");
      assertEquals(
          "true_cfg_scale needs a base with a guidance embedding; use the guidance scale for"
              + " this base",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> base.generate(
                      ImageRequest.of("a").guidance(GuidanceOptions.DEFAULT.trueCfgScale(4))))
              .getMessage());
    }
  }

  private static void assertRefused(
      BaseModel base, DegradedGuidance degradedGuidance, String words) {
    ImageRequest request = ImageRequest.of("a")
        .steps(1)
        .guidance(GuidanceOptions.DEFAULT.degradedGuidance(degradedGuidance));
    assertEquals(
        words,
        assertThrows(IllegalArgumentException.class, () -> base.generate(request))
            .getMessage());
  }

  static GuidanceOptions options(GoldenImages.Run run) {
    GuidanceOptions standard = GuidanceOptions.DEFAULT;
    Map<?, ?> call = (Map<?, ?>) run.arguments().get("call");
    Map<?, ?> own = (Map<?, ?>) run.arguments().get("options");
    return switch (run.text("kind")) {
      case "perturbed" ->
        standard
            .rescale(number(call, "guidance_rescale"))
            .degradedGuidance(
                DegradedGuidance.perturbedAttention(((List<?>) run.arguments().get("layers"))
                        .stream().map(Object::toString).toArray(String[]::new))
                    .scale(number(call, "pag_scale"))
                    .adaptiveScale(number(call, "pag_adaptive_scale")));
      case "skipping" -> standard.degradedGuidance(skipLayers(call));
      case "zero-star" -> standard.cfgZeroStar((int) number(own, "zero_init_steps"));
      default ->
        standard.adaptiveProjectedGuidance(
            number(own, "eta"),
            number(own, "adaptive_projected_guidance_momentum"),
            number(own, "adaptive_projected_guidance_rescale"));
    };
  }

  /** The skip-layer guidance that a call of diffusers asks for. */
  static DegradedGuidance skipLayers(Map<?, ?> call) {
    int[] blocks = ((List<?>) call.get("skip_guidance_layers"))
        .stream().mapToInt(block -> ((Number) block).intValue()).toArray();
    return DegradedGuidance.skipLayers(blocks)
        .scale(number(call, "skip_layer_guidance_scale"))
        .between(
            number(call, "skip_layer_guidance_start"), number(call, "skip_layer_guidance_stop"));
  }

  private static double number(Map<?, ?> options, String name) {
    return options.get(name) == null ? 0 : ((Number) options.get(name)).doubleValue();
  }
}
