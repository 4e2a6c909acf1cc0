package dev.likeness.diffusion;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.request.SizeConditioning;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.CustomScheduler;
import dev.likeness.schedulers.Prediction;
import dev.likeness.schedulers.Scheduler;
import dev.likeness.schedulers.SchedulerConfig;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Options that a base does not support are refused with the family and the option. */
@ExtendWith(NoTensorLeaks.class)
class RefusedOptionsTest {
  private static final ImageRequest REQUEST =
      ImageRequest.of("a cat").steps(3).size(32, 32).seed(1).guidance(3);
  private static final Map<String, Path> MODELS = new HashMap<>();

  @TempDir
  private static Path folder;

  @Test
  void refusesPromptsOfTextEncodersThatTheBaseLacks() {
    String one = "leave them out, because the base accepts prompts for 1 text encoder";
    for (String name : List.of("sd1/base", "sdxl/xl-refiner", "chroma/base", "zimage/turbo")) {
      assertRefused(name, REQUEST.prompt2("a dog"), "prompt_2 and negative_prompt_2; " + one);
    }
    assertRefused(
        "klein/base", REQUEST.negative3("a dog"), "prompt_3 and negative_prompt_3; " + one);
    for (String name : List.of("sdxl/xl-base", "flux/dev")) {
      assertRefused(
          name,
          REQUEST.prompt3("a dog"),
          "prompt_3 and negative_prompt_3; leave them out, because the base accepts prompts for 2"
              + " text encoders");
    }
  }

  @Test
  void refusesTokenNumbersThatTheBaseLacks() {
    for (String name : List.of("sd1/base", "sdxl/xl-base")) {
      assertRefused(
          name,
          REQUEST.maxSequenceLength(77),
          "max_sequence_length; leave it out, because the base has a fixed sequence length");
    }
    for (String name : List.of("flux/dev", "sd3/three", "chroma/base")) {
      assertRefused(
          name, REQUEST.maxSequenceLength(513), "max_sequence_length 513; use at most 512");
    }
    for (String name : List.of("zimage/turbo", "klein/base")) {
      assertRefused(
          name, REQUEST.maxSequenceLength(1025), "max_sequence_length 1025; use at most 1024");
    }
    assertEquals(
        "max_sequence_length must be at least 1, got -1",
        assertThrows(IllegalArgumentException.class, () -> REQUEST.maxSequenceLength(-1))
            .getMessage());
  }

  @Test
  void refusesSizesThatTheBaseLacks() {
    SizeConditioning sizes = SizeConditioning.DEFAULT.originalSize(64, 64);
    for (String name : List.of("sd1/base", "flux/dev", "sd3/three", "klein/base")) {
      for (ImageRequest request : List.of(
          REQUEST.sizeConditioning(sizes),
          REQUEST.sizeConditioning(SizeConditioning.DEFAULT, sizes))) {
        assertRefused(
            name,
            request,
            "size conditioning (original_size, crops_coords_top_left, target_size); leave it out,"
                + " because the base does not use sizes");
      }
    }
    for (String name : List.of("sd1/base", "sdxl/xl-base")) {
      assertRefused(
          name,
          REQUEST.sizeConditioning(SizeConditioning.DEFAULT.aestheticScore(7)),
          "aesthetic_score; leave it out, because only a refiner uses it");
    }
  }

  @Test
  void refusesOptionsThatTheSchedulerLacks() {
    try (BaseModel base = open("sd1/base")) {
      assertEquals(
          "the scheduler EulerDiscreteScheduler has no eta, got eta 0.5; leave eta out, or use a"
              + " scheduler with eta, such as DDIM",
          refusal(base, REQUEST.scheduler("EulerDiscreteScheduler").eta(0.5)));
      base.generate(REQUEST.scheduler("EulerDiscreteScheduler").eta(0));
      base.generate(REQUEST.scheduler("DDIM").steps(1).eta(0.5));
      assertFalse(
          Arrays.equals(
              base.generate(REQUEST.scheduler("dpmpp_2s_ancestral")).pixels(),
              base.generate(REQUEST.scheduler("dpmpp_2s_ancestral").eta(0.5)).pixels()),
          "k-diffusion's ancestral sampler has eta");
      assertEquals(
          "DDIMScheduler has no option \"use_karras_sigmas\"; known: "
              + SchedulerConfig.named("DDIM").options().names(),
          refusal(base, REQUEST.scheduler("DDIM").schedulerOption("use_karras_sigmas", true)));
      assertEquals(
          "unknown timestep_spacing \"even\"; known: linspace, leading, trailing",
          refusal(base, REQUEST.scheduler("DDIM").schedulerOption("timestep_spacing", "even")));
      Scheduler own = CustomScheduler.stableDiffusion(Prediction.EPSILON);
      assertEquals(
          "scheduler options [shift] need a scheduler with a config; leave them out, or set them"
              + " in the given scheduler",
          refusal(base, REQUEST.customScheduler(own).schedulerOption("shift", 3)));
    }
  }

  @Test
  void changesSeveralSchedulerOptionsAtOnce() {
    SchedulerConfig karras = SchedulerConfig.named("DPM++ 2M Karras");
    SchedulerConfig both =
        karras.withOptions(Map.of("use_karras_sigmas", false, "use_exponential_sigmas", true));
    assertEquals(
        SchedulerConfig.named("DPM++ 2M").with("use_exponential_sigmas", true).plan(5),
        both.plan(5));
  }

  /** Random values of all options of a class give an image or a refusal that names the option. */
  @Test
  void refusesSchedulerOptionsThatAreNoSense() {
    Random random = new Random(5);
    List<Object> values = Arrays.asList(
        null,
        true,
        false,
        -1,
        0,
        0.5,
        3,
        1e9,
        1e300,
        -1e300,
        "",
        "x",
        "trailing",
        List.of(),
        List.of(1.0, 2.0),
        List.of(-1e300));
    try (BaseModel base = open("sd1/base")) {
      for (String name : List.of(
          "DDIMScheduler",
          "EulerDiscreteScheduler",
          "DPMSolverMultistepScheduler",
          "UniPCMultistepScheduler",
          "LCMScheduler",
          "euler_a")) {
        List<String> options =
            new ArrayList<>(base.scheduler().withCompatible(name).options().names());
        for (int i = 0; i < 60; i++) {
          ImageRequest request = REQUEST
              .scheduler(name)
              .schedulerOption(
                  options.get(random.nextInt(options.size())),
                  values.get(random.nextInt(values.size())));
          try {
            base.validate(request);
          } catch (IllegalArgumentException e) {
            assertEquals(1, e.getMessage().lines().count(), request.sampling().toString());
          }
        }
      }
    }
  }

  @Test
  void followsTheShiftOfTheChangedScheduler() {
    try (BaseModel base = open("flux/dev")) {
      ImageRequest fixed =
          REQUEST.schedulerOption("use_dynamic_shifting", false).schedulerOption("shift", 5);
      SchedulerConfig own =
          base.scheduler().withOptions(Map.of("use_dynamic_shifting", false, "shift", 5));
      assertArrayEquals(
          base.generate(REQUEST.customScheduler(own)).pixels(),
          base.generate(fixed).pixels());
      assertFalse(
          Arrays.equals(base.generate(REQUEST).pixels(), base.generate(fixed).pixels()));
    }
  }

  @Test
  void warnsAboutANegativePromptThatZerosReplace() {
    try (BaseModel base = open("sdxl/xl-base")) {
      List<String> notices = new ArrayList<>();
      base.generateAll(REQUEST.negative2("blurry"), Run.of(event -> {
        if (event instanceof ProgressEvent.Notice notice) {
          notices.add(notice.message());
        }
      }));
      assertEquals(
          List.of(
              "negative_prompt_2 has no effect without a negative prompt, because this base then"
                  + " uses zeros for all negative prompts"),
          notices);
    }
  }

  private static void assertRefused(String name, ImageRequest request, String what) {
    try (BaseModel base = open(name)) {
      String family = EngineAccess.model(base).family().id();
      assertEquals(
          "a base of the family " + family + " does not support " + what, refusal(base, request));
    }
  }

  private static String refusal(BaseModel base, ImageRequest request) {
    return assertThrows(IllegalArgumentException.class, () -> base.generate(request))
        .getMessage();
  }

  private static BaseModel open(String name) {
    return BaseModel.open(
        MODELS.computeIfAbsent(name, each -> PipelineFolder.any(each, folder)), Compute.EXACT);
  }
}
