package dev.likeness.lora.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.request.TextualInversion;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.OnGoldenBase;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.file.LoraAlgorithm;
import dev.likeness.lora.file.LoraInspection;
import dev.likeness.lora.internal.file.LoraMetadata;
import dev.likeness.lora.internal.training.TrainingObjective;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(NoTensorLeaks.class)
class TrainingSettingsTest extends OnGoldenBase {
  private static final TrainingSettings SHORT = TrainingSettings.balanced()
      .rank(2)
      .batchSize(2)
      .steps(2)
      .trainTextEncoder(false)
      .targetModules("unet\\.mid_block\\..*(attn2\\.to_k|conv1)");
  private static final PersonToken SUBJECT = PersonToken.of("woman");

  @TempDir
  private Path files;

  private static RgbImage image(int seed, int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    new Random(seed).nextBytes(rgb);
    return RgbImage.of(width, height, rgb);
  }

  private static List<RgbImage> images() {
    return List.of(image(1, 24, 16), image(2, 24, 16), image(3, 24, 16));
  }

  private static LoraPerson train(TrainingSettings settings) {
    return new LoraTrainer(settings).train(base, images(), SUBJECT, Run.silent());
  }

  private static float[] generate(LoraPerson person) {
    return base.generate(
            ImageRequest.of("sks woman").steps(1).guidance(1).size(24, 16).adapter(person.at(1)))
        .pixels();
  }

  private static float[] trainAndGenerate(TrainingSettings settings) {
    try (LoraPerson person = train(settings)) {
      return generate(person);
    }
  }

  @ParameterizedTest
  @EnumSource(AdapterAlgorithm.class)
  void trainsEachAlgorithmAndSavesItInBothKeyFormats(AdapterAlgorithm form) {
    try (LoraPerson person = train(SHORT.algorithm(form))) {
      float[] trained = generate(person);
      float[] before = base.generate(
              ImageRequest.of("sks woman").steps(1).guidance(1).size(24, 16))
          .pixels();
      assertFalse(Arrays.equals(before, trained), "nothing was learned");
      for (KeyFormat keyFormat : List.of(KeyFormat.PEFT, KeyFormat.KOHYA)) {
        Path file = files.resolve(form + "-" + keyFormat + ".safetensors");
        person.lora().save(file, keyFormat);
        try (LoraPerson again = LoraPerson.open(file, base)) {
          assertArrayEquals(trained, generate(again), 1e-6f);
          assertEquals(3, again.lora().inspection().layers());
        }
      }
    }
  }

  @Test
  void recordsTheModuleForOtherPrograms() {
    for (LoraAlgorithm kind : List.of(LoraAlgorithm.LORA, LoraAlgorithm.LOKR, LoraAlgorithm.LOHA)) {
      Map<String, String> metadata =
          LoraMetadata.of(LoraMetadata.made("sd1", kind, 3, 4, Map.of()), "sks woman");
      LoraMetadata.putModule(metadata, KeyFormat.KOHYA, kind);
      assertEquals(
          kind == LoraAlgorithm.LORA ? "networks.lora" : "lycoris.kohya",
          metadata.get("ss_network_module"));
      assertEquals(
          kind == LoraAlgorithm.LORA
              ? null
              : "{\"algo\": \"" + kind.name().toLowerCase(Locale.ROOT) + "\"}",
          metadata.get("ss_network_args"));
      assertEquals("sd_v1", metadata.get("ss_base_model_version"));
      assertEquals("False", metadata.get("ss_v2"));
    }
    LoraInspection second = LoraMetadata.made("sd2", LoraAlgorithm.LORA, 3, 4, Map.of());
    assertEquals("True", LoraMetadata.of(second, "sks woman").get("ss_v2"));
  }

  static Stream<TrainingSettings> influential() {
    return Stream.of(
        SHORT.rankStabilised(true),
        SHORT.optimizer(TrainingOptimizer.LION),
        SHORT.optimizer(TrainingOptimizer.ADAFACTOR),
        SHORT.optimizer(TrainingOptimizer.PRODIGY),
        SHORT.optimizer(TrainingOptimizer.ADAMW_SCHEDULE_FREE),
        SHORT.learningRateScheduler(LearningRateScheduler.CONSTANT),
        SHORT.gradientAccumulationSteps(2),
        SHORT.emaDecay(0.5),
        SHORT.noiseOffset(0.1),
        SHORT.inputPerturbation(0.1),
        SHORT.debiasedEstimation(true));
  }

  @ParameterizedTest
  @MethodSource("influential")
  void changesTheResultOfTraining(TrainingSettings options) {
    assertFalse(
        Arrays.equals(trainAndGenerate(SHORT), trainAndGenerate(options)), options.toString());
  }

  @Test
  void weightsDebiasedLossesByNothingElse() {
    assertEquals(SHORT.minSnrGamma(), objective(SHORT).minSnrGamma());
    DiffusionObjective debiased = objective(SHORT.debiasedEstimation(true));
    assertTrue(debiased.debiased() && debiased.minSnrGamma() == 0, debiased.toString());
  }

  private static DiffusionObjective objective(TrainingSettings options) {
    return ((TrainingObjective.DenoisingObjective)
            TrainingObjective.of(EngineAccess.model(base), options))
        .objective();
  }

  /**
   * rsLoRA (Kalajdzievski, 2023) divides by the rank's root; {@link TrainingSettings#rank} keeps
   * alpha / rank.
   */
  @ParameterizedTest
  @CsvSource({"4, 8, 2, 4", "16, 16, 1, 4", "16, 8, 0.5, 2", "2, 1, 0.5, 0.70710678"})
  void scalesByTheRankOrItsSquareRoot(int rank, double alpha, double plain, double stabilised) {
    TrainingSettings settings = TrainingSettings.balanced()
        .rank(rank)
        .alpha(alpha)
        .targets(LoraTargets.ATTENTION)
        .trainTextEncoder(false)
        .steps(1)
        .batchSize(1)
        .learningRate(1e-3)
        .warmupSteps(0)
        .minSnrGamma(0)
        .weightDecay(0)
        .maxGradNorm(1)
        .randomFlip(false)
        .priorPreservation(0, 1)
        .captions("%s")
        .seed(0);
    assertEquals(plain, settings.scale());
    assertEquals(stabilised, settings.rankStabilised(true).scale(), 1e-8);
  }

  @Test
  void trainsTheSameWithGradientCheckpointing() {
    assertArrayEquals(
        trainAndGenerate(SHORT), trainAndGenerate(SHORT.gradientCheckpointing(true)), 1e-5f);
  }

  /**
   * A first factor of rank 8 has 4,608 numbers; its first gradient comes with the second step, its
   * moments count from the third.
   */
  @Test
  void keepsMomentsOfLargeParametersInEightBits() {
    TrainingSettings whole = SHORT.steps(5);
    TrainingSettings eight = SHORT.optimizer(TrainingOptimizer.ADAMW_8BIT).steps(5);
    assertArrayEquals(
        trainAndGenerate(whole), trainAndGenerate(eight), "factors of rank 2 are small");
    float[] before = base.generate(
            ImageRequest.of("sks woman").steps(1).guidance(1).size(24, 16))
        .pixels();
    float[] expected = trainAndGenerate(whole.rank(8));
    double off = distance(expected, trainAndGenerate(eight.rank(8)));
    assertTrue(off > 0, "no moment was in eight bits");
    assertTrue(off < 0.1 * distance(expected, before), off + " of " + distance(expected, before));
  }

  @ParameterizedTest
  @EnumSource(AdapterAlgorithm.class)
  void adafactorMovesAboutAsFarAsAdamW(AdapterAlgorithm form) {
    float[] before = base.generate(
            ImageRequest.of("sks woman").steps(1).guidance(1).size(24, 16))
        .pixels();
    TrainingSettings usual = SHORT.algorithm(form).steps(5);
    float[] moved = trainAndGenerate(usual.optimizer(TrainingOptimizer.ADAFACTOR));
    double way = distance(before, moved) / distance(before, trainAndGenerate(usual));
    assertTrue(way > 0.25 && way < 4, "the image went " + way + " times as far as by AdamW");
  }

  private static double distance(float[] a, float[] b) {
    return Math.sqrt(IntStream.range(0, a.length)
        .mapToDouble(i -> (a[i] - b[i]) * (a[i] - b[i]))
        .sum());
  }

  @Test
  @Tag("slow")
  void trainsWithSeveralSizesCaptionsAndFocus() {
    List<TrainingExample> plain = List.of(
        TrainingExample.of(image(1, 24, 16)),
        TrainingExample.of(image(2, 16, 24)),
        TrainingExample.of(image(3, 24, 16)));
    float[] alike = generate(plain, SHORT);
    List<TrainingExample> focused = new ArrayList<>(plain);
    focused.set(0, plain.get(0).focus(new TrainingExample.Focus(8, 4, 8, 8)));
    assertArrayEquals(alike, generate(focused, SHORT));
    assertFalse(
        Arrays.equals(alike, generate(focused, SHORT.focusWeight(4))), "the focus counts nothing");
    List<TrainingExample> named =
        plain.stream().map(p -> p.caption("a drawing of %s, smiling")).toList();
    assertFalse(Arrays.equals(alike, generate(named, SHORT)), "captions count nothing");
  }

  @Test
  void trainsNothingUnderABlackMask() {
    List<TrainingExample> plain = images().stream().map(TrainingExample::of).toList();
    List<Double> losses = new ArrayList<>();
    masked(plain, 0, 0, losses);
    List<Double> usual = new ArrayList<>();
    float[] all = masked(plain, 255, 255, usual);
    // What the base answers twice differs by rounding: Adam would go far by that alone, so it is
    // the loss that says how little it is.
    assertTrue(
        losses.size() == 2 && max(losses) < 1e-9 * max(usual),
        "all is as the base has it: " + losses + " of " + usual);
    assertArrayEquals(trainAndGenerate(SHORT), all, 1e-6f, "all is learnt");
    float[] half = masked(plain, 255, 0, losses);
    assertFalse(Arrays.equals(all, half), "the mask hides nothing");
    assertFalse(
        Arrays.equals(half, masked(plain, 0, 255, losses)), "it is the same which half is learnt");
  }

  private static double max(List<Double> losses) {
    return losses.stream().mapToDouble(Double::doubleValue).max().orElseThrow();
  }

  /**
   * Trained with masks whose left and right half are of these grays; {@code losses} hear of each
   * step's.
   */
  private static float[] masked(
      List<TrainingExample> images, int left, int right, List<Double> losses) {
    byte[] gray = new byte[24 * 16 * 3];
    for (int i = 0; i < gray.length; i++) {
      gray[i] = (byte) (i / 3 % 24 < 12 ? left : right);
    }
    List<TrainingExample> masked =
        images.stream().map(image -> image.mask(RgbImage.of(24, 16, gray))).toList();
    TrainingSet set = TrainingSet.ofExamples(masked, SUBJECT);
    Progress progress = event -> {
      if (event instanceof ProgressEvent.Step step) {
        step.loss().ifPresent(losses::add);
      }
    };
    try (LoraPerson person = new LoraTrainer(SHORT).train(base, set, Run.of(progress))) {
      return generate(person);
    }
  }

  @Test
  void refusesAMaskOfAnotherSize() {
    assertEquals(
        "the mask has 24x16 pixels and its image 16x24; give both in the same size",
        assertThrows(
                IllegalArgumentException.class,
                () -> TrainingExample.of(image(2, 16, 24)).mask(image(1, 24, 16)))
            .getMessage());
  }

  private static float[] generate(List<TrainingExample> images, TrainingSettings options) {
    TrainingSet set = TrainingSet.ofExamples(images, SUBJECT);
    try (LoraPerson person =
        new LoraTrainer(options.priorPreservation(2, 1).steps(3)).train(base, set, Run.silent())) {
      return generate(person);
    }
  }

  @Test
  @Tag("slow")
  void countsTheClassAtItsWeight() {
    float[] alone = trainAndGenerate(SHORT);
    assertArrayEquals(
        alone,
        trainAndGenerate(SHORT.priorPreservation(2, 0)),
        1e-5f,
        "images of no weight are learnt");
    float[] half = trainAndGenerate(SHORT.priorPreservation(2, 0.5));
    assertFalse(Arrays.equals(alone, half), "the class counts nothing");
    assertFalse(
        Arrays.equals(half, trainAndGenerate(SHORT.priorPreservation(2, 1))),
        "its weight counts nothing");
  }

  @Test
  void warnsOfClassImagesIfThePersonHasNoToken() {
    List<ProgressEvent> events = new ArrayList<>();
    new LoraTrainer(SHORT.priorPreservation(2, 1))
        .train(base, images(), SUBJECT.token(""), Run.of(events::add))
        .close();
    assertEquals(
        1,
        events.stream()
            .filter(event -> event instanceof ProgressEvent.Notice notice
                && notice.message().contains("give the person a rare token"))
            .count());
  }

  @Test
  @Tag("slow")
  void warnsOnceIfLikenessFallsWithTheLoss() {
    double[] descending = {0.6, 0.5, 0.4, 0.3};
    assertEquals(1, warnings(descending).size());
    assertTrue(
        warnings(descending).get(0).startsWith("likeness fell from 0.600 to 0."),
        warnings(descending).get(0));
    assertEquals(List.of(), warnings(0.3, 0.4, 0.5, 0.6));
  }

  private static List<String> warnings(double... scores) {
    int[] looks = {0};
    ImageRequest request = ImageRequest.of("photo of %s").steps(1).guidance(1).size(24, 16);
    List<ProgressEvent> events = new ArrayList<>();
    TrainingSet set = TrainingSet.of(images(), SUBJECT)
        .validation(new ValidationOptions(10, request, drawn -> scores[looks[0]++], 9));
    TrainingSettings settings = SHORT
        .learningRateScheduler(LearningRateScheduler.CONSTANT)
        .steps(10 * scores.length)
        .learningRate(1e-2);
    new LoraTrainer(settings).train(base, set, Run.of(events::add)).close();
    return events.stream()
        .filter(event ->
            event instanceof ProgressEvent.Notice notice && notice.message().contains("overfits"))
        .map(event -> ((ProgressEvent.Notice) event).message())
        .toList();
  }

  @Test
  void keepsTheBestValidationAndStopsWithoutImprovement() {
    List<ProgressEvent> events = new ArrayList<>();
    double[] scores = {0.2, 0.6, 0.5, 0.4};
    int[] looks = {0};
    ImageRequest request = ImageRequest.of("photo of %s").steps(1).guidance(1).size(24, 16);
    ValidationOptions previews = new ValidationOptions(1, request, drawn -> scores[looks[0]++], 2);
    float[] kept;
    try (LoraPerson person = new LoraTrainer(
            SHORT.learningRateScheduler(LearningRateScheduler.CONSTANT).steps(9))
        .train(base, TrainingSet.of(images(), SUBJECT).validation(previews), Run.of(events::add))) {
      kept = generate(person);
    }
    assertArrayEquals(
        trainAndGenerate(
            SHORT.learningRateScheduler(LearningRateScheduler.CONSTANT).steps(2)),
        kept,
        "not the weights of the best look");
    List<Double> seen = events.stream()
        .filter(ProgressEvent.Preview.class::isInstance)
        .map(event -> ((ProgressEvent.Preview) event).score())
        .toList();
    assertEquals(List.of(0.2, 0.6, 0.5, 0.4), seen);
    assertTrue(events.contains(new ProgressEvent.Notice(
        "no better likeness in the last 2 validations; the weights of the best validation are"
            + " kept")));
  }

  @Test
  @Tag("slow")
  void keepsTheBestValidationWhenResumed(@TempDir Path files) {
    ImageRequest request = ImageRequest.of("photo of %s").steps(1).guidance(1).size(24, 16);
    // No look is better than the first, at step 10; the third without a better one is at step 40.
    ValidationOptions previews = new ValidationOptions(10, request, drawn -> 0, 3);
    TrainingSettings settings = SHORT.steps(60);
    TrainingSet set = TrainingSet.of(images(), SUBJECT).validation(previews);
    float[] whole;
    try (LoraPerson person = new LoraTrainer(settings).train(base, set, Run.silent())) {
      whole = generate(person);
    }
    Cancellation stop = new Cancellation();
    Progress late = event -> {
      if (event instanceof ProgressEvent.Step step
          && step.phase().equals("train")
          && step.step() == 27) {
        stop.cancel();
      }
    };
    TrainingSet kept = set.stateFile(files.resolve("state.safetensors"));
    assertThrows(
        CancelledException.class,
        () -> new LoraTrainer(settings).train(base, kept, new Run(late, stop)));
    List<Integer> steps = new ArrayList<>();
    Progress seen = event -> {
      if (event instanceof ProgressEvent.Step step && step.phase().equals("train")) {
        steps.add(step.step());
      }
    };
    try (LoraPerson person = new LoraTrainer(settings).train(base, kept, Run.of(seen))) {
      assertArrayEquals(whole, generate(person), "not the best look of before the stop");
    }
    assertEquals(28, steps.get(0));
    assertEquals(40, steps.get(steps.size() - 1), "patience began anew after the stop");
  }

  @Test
  void trainsATextualInversionInThePersonsFile() {
    TrainingSettings settings = SHORT.pivotalTuning(PivotalTuning.of(2)).steps(4);
    try (LoraPerson person = train(settings)) {
      TextualInversion word = person.lora().textualInversions().get(0);
      assertEquals("sks", word.token());
      assertEquals(2, word.vectors());
      assertFalse(
          Arrays.equals(
              generate(person),
              base.generate(ImageRequest.of("woman")
                      .steps(1)
                      .guidance(1)
                      .size(24, 16)
                      .adapter(person.at(1)))
                  .pixels()),
          "the word says nothing");
      assertArrayEquals(
          generate(person),
          base.generate(ImageRequest.of("sks woman")
                  .steps(1)
                  .guidance(1)
                  .size(24, 16)
                  .adapter(person.at(1).and((ModelAdapter) () -> Contribution.NONE)))
              .pixels(),
          "a sum lost the word");
      Path file = files.resolve("pivotal.safetensors");
      person.save(file);
      try (LoraPerson again = LoraPerson.open(file, base)) {
        assertArrayEquals(generate(person), generate(again));
        assertEquals(List.of("sks"), again.lora().inspection().textualInversions());
      }
      assertFalse(
          Arrays.equals(first(word), first(train(settings.steps(1)))),
          "the word stayed as it began");
      Path alone = files.resolve("word.safetensors");
      word.save(alone);
      assertArrayEquals(first(word), first(TextualInversion.open(alone)));
    }
    assertEquals(
        "pivotal tuning needs a token for the person; set PersonToken.token, e.g. sks",
        assertThrows(
                IllegalArgumentException.class,
                () -> new LoraTrainer(settings)
                    .train(base, images(), SUBJECT.token(""), Run.silent()))
            .getMessage());
  }

  @Test
  void takesTheSettingsOfTheCatalogueForBasesOfTheKind(@TempDir Path files) {
    Path xl =
        GoldenFolder.write("xl-base", GoldenFolder.KeyFormat.CURRENT, files).path();
    try (BaseModel sdxl = BaseModel.open(xl, Compute.EXACT)) {
      assertEquals("sdxl", sdxl.recipe().orElseThrow().name());
      assertEquals(1e-4, TrainingSettings.balanced().forBase(sdxl).learningRate());
      assertEquals(1000, TrainingPreset.BALANCED.of(sdxl, 10).steps());
    }
  }

  @Test
  @Tag("slow")
  void trainsATextualInversionWithProdigyAtTheSameStepLength() {
    TrainingSettings usual = SHORT
        .pivotalTuning(PivotalTuning.of(1))
        .learningRate(TrainingSettings.balanced().forBase(base).learningRate());
    TrainingSettings prodigy = usual.optimizer(TrainingOptimizer.PRODIGY).learningRate(1);
    float[] begun = first(train(prodigy.steps(1)));
    double way = distanceMoved(begun, first(train(prodigy.steps(60))))
        / distanceMoved(begun, first(train(usual.steps(60))));
    assertTrue(way > 0.25 && way < 4, "the word went " + way + " times as far as by AdamW");
  }

  private static double distanceMoved(float[] from, float[] to) {
    double sum = 0;
    for (int i = 0; i < from.length; i++) {
      sum += (to[i] - from[i]) * (to[i] - from[i]);
    }
    return Math.sqrt(sum);
  }

  private static float[] first(LoraPerson person) {
    try (person) {
      return first(person.lora().textualInversions().get(0));
    }
  }

  private static float[] first(TextualInversion word) {
    return word.values().values().iterator().next();
  }

  @Test
  void refusesInvalidNumbers() {
    assertEquals(
        "gradientAccumulationSteps must be at least 1, got 0",
        assertThrows(IllegalArgumentException.class, () -> SHORT.gradientAccumulationSteps(0))
            .getMessage());
    assertEquals(
        "the target modules \"(\" are not a regular expression: Unclosed group",
        assertThrows(IllegalArgumentException.class, () -> SHORT.targetModules("("))
            .getMessage());
    assertEquals(
        "the settings train no layer of the base: targets CONVOLUTIONS, modules nothing; choose"
            + " other targets or modules",
        assertThrows(IllegalArgumentException.class, () -> train(SHORT.targetModules("nothing")))
            .getMessage());
    assertEquals(
        "a focus of 0x8 at 0,0 must start inside the image and contain a pixel",
        assertThrows(IllegalArgumentException.class, () -> new TrainingExample.Focus(0, 0, 0, 8))
            .getMessage());
  }
}
