package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.ConsentException;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.io.FullDisk;
import dev.likeness.diffusion.internal.model.ModelExtrasFile;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.AdamW;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.lora.file.KeyFormat;
import dev.likeness.lora.internal.training.CaptionEncodings;
import dev.likeness.lora.internal.training.TrainableAdapter;
import dev.likeness.lora.internal.training.TrainingObjective;
import dev.likeness.lora.internal.training.TrainingStep;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class LoraTrainingTest {
  private static final TrainingSettings SHORT = TrainingSettings.balanced()
      .targets(LoraTargets.ATTENTION)
      .steps(4)
      .batchSize(2)
      .rank(2);
  private static final PersonToken SUBJECT =
      PersonToken.of("woman").consent("she agreed to this test");

  private static Path folder;
  private static BaseModel base;

  @TempDir
  private Path files;

  @BeforeAll
  static void opensTheBase(@TempDir Path parent) {
    folder = ModelExtrasFile.write(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path());
    base = GoldenFolder.load(folder);
  }

  @AfterAll
  static void closesTheBase() {
    base.close();
  }

  private static List<RgbImage> images(int count) {
    Random random = new Random(5);
    List<RgbImage> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] rgb = new byte[24 * 16 * 3];
      random.nextBytes(rgb);
      images.add(RgbImage.of(24, 16, rgb));
    }
    return images;
  }

  private static LoraPerson train(TrainingSettings settings) {
    return new LoraTrainer(settings).train(base, images(3), SUBJECT, Run.silent());
  }

  private static float[] generate(Identity person) {
    ImageRequest request =
        ImageRequest.of("photo of " + person.phrase()).steps(2).size(24, 16);
    return base.generate(request.adapter(person.at(1))).pixels();
  }

  @Test
  void trainsAPersonAndSavesIt() {
    float[] before = base.generate(
            ImageRequest.of("photo of sks woman").steps(2).size(24, 16))
        .pixels();
    Path file = files.resolve("ada.safetensors");
    float[] trained;
    try (LoraPerson ada = train(SHORT)) {
      trained = generate(ada);
      ada.save(file);
      opensAFileOfUnknownOrigin(ada);
    }
    assertFalse(Arrays.equals(before, trained), "training changed nothing");
    try (LoraPerson ada = LoraPerson.open(file, base)) {
      assertArrayEquals(trained, generate(ada));
      assertEquals(SUBJECT, ada.personToken());
      assertEquals("she agreed to this test", ada.consent().orElseThrow().text());
      assertEquals("sks woman", ada.phrase());
      assertEquals("base-current", ada.baseName());
      assertEquals(SHORT.toString(), ada.trainingSettings());
    }
    try (Identity.Loaded ada = Identity.open(file, base)) {
      assertEquals("sks woman", ada.phrase());
      assertArrayEquals(trained, generate(ada));
      assertEquals(Optional.empty(), ada.baseMismatch(base));
    }
    float[] after = base.generate(ImageRequest.of("photo of sks woman").steps(2).size(24, 16))
        .pixels();
    assertArrayEquals(before, after, "training touched the base");
  }

  private void opensAFileOfUnknownOrigin(LoraPerson ada) {
    Path old = files.resolve("old.safetensors");
    ada.lora().save(old, KeyFormat.PEFT, Map.of(LoraPerson.CLASS_WORD_KEY, "woman"));
    Consent yes = Consent.of("yes");
    try (LoraPerson unknown = LoraPerson.open(old, base)) {
      assertEquals(Optional.empty(), unknown.consent());
      assertThrows(ConsentException.class, () -> Consent.require(unknown, Purpose.HEADSHOTS));
      unknown.withConsent(yes).save(old);
    }
    try (Identity.Loaded asked = Identity.open(old, base)) {
      assertEquals(Optional.of(yes), asked.consent());
      assertSame(asked, Consent.require(asked, Purpose.HEADSHOTS));
    }
  }

  @Test
  void endsWithTheSameWeightsEachTime() {
    float[] first;
    try (LoraPerson one = train(SHORT)) {
      first = generate(one);
    }
    try (LoraPerson two = train(SHORT)) {
      assertArrayEquals(first, generate(two));
    }
    try (LoraPerson other = train(SHORT.seed(1))) {
      assertFalse(Arrays.equals(first, generate(other)), "another seed learns the same");
    }
  }

  @Test
  void predictsTheNoiseOfTrainingImagesBetter() {
    List<Double> losses = new ArrayList<>();
    Progress progress = event -> {
      if (event instanceof ProgressEvent.Step step && step.phase().equals("train")) {
        losses.add(step.loss().getAsDouble());
      }
    };
    TrainingSettings settings =
        SHORT.steps(24).batchSize(4).rank(8).targets(LoraTargets.CONVOLUTIONS).learningRate(3e-3);
    new LoraTrainer(settings).train(base, images(1), SUBJECT, Run.of(progress)).close();
    double start = losses.subList(0, 8).stream().mapToDouble(x -> x).average().orElseThrow();
    double end = losses.subList(16, 24).stream().mapToDouble(x -> x).average().orElseThrow();
    assertTrue(end < 0.9 * start, "loss went from " + start + " to " + end);
  }

  @Test
  void resumesWithTheSameWeights() throws IOException {
    TrainingSettings settings = SHORT.steps(28);
    Path state = files.resolve("state.safetensors");
    Cancellation stop = new Cancellation();
    Progress untilStep27 = event -> {
      if (event instanceof ProgressEvent.Step step && step.step() == 27) {
        stop.cancel();
      }
    };
    PersonToken monday = SUBJECT.consent("yes, on Monday");
    assertThrows(
        CancelledException.class,
        () -> new LoraTrainer(settings)
            .train(
                base,
                TrainingSet.of(images(3), monday).stateFile(state),
                new Run(untilStep27, stop)));
    assertTrue(Files.exists(state));
    List<Integer> steps = new ArrayList<>();
    Progress seen = event -> {
      if (event instanceof ProgressEvent.Step step && step.phase().equals("train")) {
        steps.add(step.step());
      }
    };
    float[] whole;
    try (LoraPerson person = train(settings)) {
      whole = generate(person);
    }
    PersonToken tuesday = SUBJECT.consent("yes, on Tuesday");
    try (LoraPerson person = new LoraTrainer(settings)
        .train(base, TrainingSet.of(images(3), tuesday).stateFile(state), Run.of(seen))) {
      assertArrayEquals(whole, generate(person));
      assertEquals("yes, on Tuesday", person.personToken().consent());
    }
    assertEquals(List.of(28), steps, "what was learned before the stop was not kept");
    InvalidInputException refusal = assertThrows(
        InvalidInputException.class,
        () -> new LoraTrainer(settings.learningRate(1))
            .train(base, TrainingSet.of(images(3), SUBJECT).stateFile(state), Run.silent()));
    assertEquals(
        state
            + " is the state of another training; give the settings, base, images and release of"
            + " Likeness that the other training began with, or"
            + " delete the file to start again",
        refusal.getMessage());
    try (var left = Files.list(files)) {
      assertEquals(List.of(state), left.toList());
    }
  }

  @Test
  void ignoresTheStateOfAnotherModelInAFolderOfTheSameName(@TempDir Path parent) {
    Path state = files.resolve("state.safetensors");
    Cancellation stop = new Cancellation();
    Progress untilStep2 = event -> {
      if (event instanceof ProgressEvent.Step step && step.step() == 2) {
        stop.cancel();
      }
    };
    assertThrows(
        CancelledException.class,
        () -> new LoraTrainer(SHORT)
            .train(
                base,
                TrainingSet.of(images(1), SUBJECT).stateFile(state),
                new Run(untilStep2, stop)));
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    Path unet = folder.resolve("unet/diffusion_pytorch_model.safetensors");
    try (TensorScope scope = TensorScope.open();
        Safetensors file = Safetensors.open(unet)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      file.names().forEach(name -> tensors.put(name, file.read(name).clone()));
      tensors.computeIfPresent(
          "mid_block.resnets.0.conv1.bias", (name, bias) -> bias.add(new Scalar(0.1f)));
      SafetensorsWriter.write(unet, tensors, Map.of());
    }
    try (BaseModel other = BaseModel.open(folder, Compute.EXACT)) {
      assertEquals(base.name(), other.name());
      assertThrows(
          InvalidInputException.class,
          () -> new LoraTrainer(SHORT)
              .train(other, TrainingSet.of(images(1), SUBJECT).stateFile(state), Run.silent()));
    }
  }

  @Test
  @Tag("slow")
  void continuesWithoutStateIfTheDiskIsFullAndReportsIt() throws IOException {
    TrainingSettings settings = SHORT.steps(26);
    Path state = files.resolve("state.safetensors");
    List<String> notices = new ArrayList<>();
    Progress said = event -> {
      if (event instanceof ProgressEvent.Notice notice) {
        notices.add(notice.message());
      }
    };
    try (LoraPerson whole = train(settings);
        FullDisk full = FullDisk.after(1000);
        LoraPerson person = new LoraTrainer(settings)
            .train(base, TrainingSet.of(images(3), SUBJECT).stateFile(state), Run.of(said))) {
      assertArrayEquals(generate(whole), generate(person));
    }
    assertEquals(1, notices.size(), notices.toString());
    assertTrue(
        notices.get(0).startsWith("step 25 cannot be saved, but the training continues: "),
        notices.get(0));
    assertTrue(notices.get(0).contains("No space left on device"), notices.get(0));
    try (var left = Files.list(files)) {
      assertEquals(List.of(), left.toList());
    }
  }

  @Test
  void reportsEveryStepAndEndsOnce() {
    List<ProgressEvent> events = new ArrayList<>();
    new LoraTrainer(SHORT.priorPreservation(2, 1))
        .train(base, images(2), SUBJECT, Run.of(events::add))
        .close();
    List<String> phases = events.stream()
        .filter(ProgressEvent.Phase.class::isInstance)
        .map(event -> ((ProgressEvent.Phase) event).name())
        .toList();
    assertEquals(List.of("encode", "class images", "train"), phases);
    assertEquals(List.of("encode 1", "encode 2"), steps(events).subList(0, 2));
    assertEquals(1, events.stream().filter(ProgressEvent.Done.class::isInstance).count());
    assertEquals(new ProgressEvent.Done(), events.get(events.size() - 1));
  }

  private static List<String> steps(List<ProgressEvent> events) {
    return events.stream()
        .filter(ProgressEvent.Step.class::isInstance)
        .map(ProgressEvent.Step.class::cast)
        .map(step -> step.phase() + " " + step.step())
        .toList();
  }

  @Test
  @Tag("slow")
  void resumesWithItsClassImages() {
    Path state = files.resolve("state.safetensors");
    TrainingSettings settings = SHORT.priorPreservation(3, 1);
    float[] unbroken;
    try (LoraPerson person = train(settings)) {
      unbroken = generate(person);
    }
    Cancellation stop = new Cancellation();
    assertThrows(
        CancelledException.class,
        () -> new LoraTrainer(settings)
            .train(
                base,
                TrainingSet.of(images(3), SUBJECT).stateFile(state),
                new Run(
                    event -> {
                      if (event instanceof ProgressEvent.Step step
                          && step.phase().equals("class images")
                          && step.step() == 2) {
                        stop.cancel();
                      }
                    },
                    stop)));
    List<Integer> drawn = new ArrayList<>();
    try (LoraPerson person = new LoraTrainer(settings)
        .train(base, TrainingSet.of(images(3), SUBJECT).stateFile(state), Run.of(event -> {
          if (event instanceof ProgressEvent.Step step && step.phase().equals("class images")) {
            drawn.add(step.step());
          }
        }))) {
      assertEquals(List.of(3), drawn);
      assertArrayEquals(unbroken, generate(person));
    }
  }

  @Test
  void refusesADistilledBaseWithoutATrainingAdapter(@TempDir Path parent) {
    try (BaseModel klein =
        BaseModel.open(PipelineFolder.write("klein/distilled", parent).path(), Compute.EXACT)) {
      TrainingSettings suited = SHORT.forBase(klein);
      assertTrue(
          assertThrows(
                  IllegalArgumentException.class,
                  () -> new LoraTrainer(suited).train(klein, images(1), SUBJECT, Run.silent()))
              .getMessage()
              .endsWith(
                  " is distilled, and training would undo the distillation; train on the"
                      + " base that is not distilled and use the LoRA on this base, or give a training adapter"));
    }
  }

  @Test
  void stopsBeforeTheNextStep() {
    Cancellation stop = new Cancellation();
    List<ProgressEvent> events = new ArrayList<>();
    Progress first = event -> {
      events.add(event);
      if (event instanceof ProgressEvent.Step step && step.phase().equals("train")) {
        stop.cancel();
      }
    };
    assertThrows(
        CancelledException.class,
        () -> new LoraTrainer(SHORT).train(base, images(2), SUBJECT, new Run(first, stop)));
    assertEquals(List.of("encode 1", "encode 2", "train 1"), steps(events));
    assertEquals(new ProgressEvent.Cancelled(), events.get(events.size() - 1));
  }

  @Test
  void trainsAModelInHalfPrecisionWithF32Weights() {
    try (BaseModel half = BaseModel.open(folder, new Compute("cpu", DType.BF16));
        LoraPerson person = new LoraTrainer(SHORT.targets(LoraTargets.CONVOLUTIONS))
            .train(half, images(2), SUBJECT, Run.silent())) {
      ImageRequest request = ImageRequest.of("photo of sks woman").steps(2).size(24, 16);
      assertFalse(Arrays.equals(
          half.generate(request).pixels(),
          half.generate(request.adapter(person.at(1))).pixels()));
    }
  }

  @Test
  void writesAKeyFormatThatNeedsNoAlpha() {
    Path file = files.resolve("strong.safetensors");
    TrainingSettings strong = TrainingSettings.balanced()
        .rank(2)
        .alpha(8)
        .targets(LoraTargets.ATTENTION)
        .trainTextEncoder(false)
        .steps(2)
        .batchSize(1)
        .learningRate(1e-3)
        .warmupSteps(0)
        .minSnrGamma(0)
        .weightDecay(0)
        .maxGradNorm(1)
        .randomFlip(true)
        .priorPreservation(0, 1)
        .captions("%s")
        .seed(0);
    float[] drawn;
    try (LoraPerson person = train(strong)) {
      drawn = generate(person);
      person.save(file);
    }
    try (Safetensors saved = Safetensors.open(file)) {
      assertTrue(
          saved.names().stream().allMatch(name -> name.matches("unet\\..*\\.lora_[AB]\\.weight")));
      assertTrue(saved.names().stream().allMatch(name -> saved.dtype(name) == DType.F16));
    }
    try (LoraPerson person = LoraPerson.open(file, base)) {
      assertArrayEquals(drawn, generate(person));
    }
  }

  @Test
  void refusesSizesThatTheLatentsCannotHave() {
    List<RgbImage> odd = List.of(RgbImage.of(15, 16, new byte[15 * 16 * 3]));
    assertEquals(
        "the sides of training images must be multiples of 2 pixels, got a 15x16 image; crop or"
            + " resize it first",
        assertThrows(
                IllegalArgumentException.class,
                () -> new LoraTrainer(SHORT).train(base, odd, SUBJECT, Run.silent()))
            .getMessage());
    assertEquals(
        "there is no training image; give at least one",
        assertThrows(
                IllegalArgumentException.class,
                () -> new LoraTrainer(SHORT).train(base, List.of(), SUBJECT, Run.silent()))
            .getMessage());
  }

  @Test
  void refusesABaseForInpaintingBeforeItEncodes(@TempDir Path parent) {
    List<String> phases = new ArrayList<>();
    Progress seen = event -> {
      if (event instanceof ProgressEvent.Phase phase) {
        phases.add(phase.name());
      }
    };
    Path inpaints = GoldenFolder.write("xl-inpainting", GoldenFolder.KeyFormat.CURRENT, parent)
        .path();
    try (BaseModel inpainting = BaseModel.open(inpaints, Compute.EXACT)) {
      assertEquals(
          "a base for inpainting cannot be trained: its network takes 9 channels, but latents"
              + " have 4; train"
              + " the text-to-image base of its family",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> new LoraTrainer(SHORT).train(inpainting, images(1), SUBJECT, Run.of(seen)))
              .getMessage());
    }
    assertEquals(List.of(), phases);
  }

  @Test
  void refusesABaseOfContinuousNoiseLevels(@TempDir Path parent) {
    GoldenFolder playground = GoldenFolder.write("xl-base", GoldenFolder.KeyFormat.CURRENT, parent);
    playground.schedule(Map.of("_class_name", "EDMDPMSolverMultistepScheduler"));
    try (BaseModel continuous = BaseModel.open(playground.path(), Compute.EXACT)) {
      assertEquals(
          "this base cannot be trained, because its scheduler EDMDPMSolverMultistepScheduler has"
              + " continuous noise levels; give a base with another scheduler",
          assertThrows(
                  IllegalArgumentException.class,
                  () -> new LoraTrainer(SHORT).train(continuous, images(1), SUBJECT, Run.silent()))
              .getMessage());
    }
  }

  @Test
  void refusesF16WhoseGradientsUnderflow() {
    OpenModel half = (OpenModel) Proxy.newProxyInstance(
        OpenModel.class.getClassLoader(),
        new Class<?>[] {OpenModel.class},
        (proxy, method, arguments) -> new Compute("cuda", DType.F16));
    assertEquals(
        "training in f16 is not supported, because small gradients become zero; open the base in"
            + " bf16 or f32",
        assertThrows(IllegalArgumentException.class, () -> TrainingTarget.of(half))
            .getMessage());
  }

  @Test
  void usesTheRecipeOfItsBase() {
    assertEquals(TrainingSettings.best(), TrainingSettings.best().forBase(base));
  }

  @Test
  void trainsAFullSizeBaseWithAsManyImages(@TempDir Path parent) {
    try (BaseModel large =
        BaseModel.open(PipelineFolder.write("klein/base", parent).path(), Compute.EXACT)) {
      TrainingSettings full = TrainingSettings.balanced().forBase(large);
      assertEquals(List.of(1, 1200), List.of(full.batchSize(), full.steps()));
      assertEquals(full, full.forBase(large));
    }
  }

  @Test
  void stopsAtALossThatIsNotFinite() {
    InvalidInputException refusal = assertThrows(
        InvalidInputException.class, () -> train(SHORT.learningRate(1e30).steps(20)));
    assertTrue(
        refusal
            .getMessage()
            .matches(
                "the (loss|gradients' length) is (NaN|Infinity) \\(completed steps: \\d+\\); delete"
                    + " the state file, if there is one, and train again with a lower learning"
                    + " rate, or in f32 instead of bf16"),
        refusal.getMessage());
  }

  @Test
  void returnsNothingIfTheLastStepOverflowed() {
    InvalidInputException refusal = assertThrows(
        InvalidInputException.class, () -> train(SHORT.learningRate(1e30).steps(1)));
    assertTrue(
        refusal
            .getMessage()
            .matches(
                "the trained delta of .* is too large for a file in f16; train again with a lower"
                    + " learning rate"),
        refusal.getMessage());
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void neitherSavesNorReturnsWeightsThatAreNotFinite(int steps) {
    Path state = files.resolve("state.safetensors");
    // Decay and step together take a norm's ones beyond f32.
    TrainingSettings settings = TrainingSettings.balanced()
        .rank(1)
        .alpha(1)
        .targets(LoraTargets.ATTENTION)
        .trainTextEncoder(false)
        .steps(steps)
        .batchSize(1)
        .learningRate(3e37)
        .warmupSteps(0)
        .minSnrGamma(0)
        .weightDecay(11)
        .maxGradNorm(1)
        .randomFlip(false)
        .priorPreservation(0, 1)
        .captions("%s")
        .seed(0);
    TrainingSet set = TrainingSet.of(images(1), SUBJECT).stateFile(state);
    Cancellation stop = new Cancellation();
    Progress untilStep1 = event -> {
      if (event instanceof ProgressEvent.Step step && step.phase().equals("train")) {
        stop.cancel();
      }
    };
    String message = assertThrows(
            InvalidInputException.class,
            () -> new DreamBooth(settings).train(base, set, new Run(untilStep1, stop)))
        .getMessage();
    assertTrue(
        message.matches("the largest weight is (NaN|Infinity) \\(completed steps: 1\\); .*"),
        message);
    assertTrue(Files.notExists(state), "weights that are no numbers were kept");
  }

  @Test
  void makesNoStepWithGradientsThatAreNotFinite() {
    try (TrainableAdapter factors = TrainableAdapter.of(SHORT, SUBJECT, base);
        AdamW optimizer = AdamW.standard();
        TensorRegion region = new TensorRegion()) {
      TrainingTarget model = TrainingTarget.of(EngineAccess.model(base));
      TrainingStep learning = new TrainingStep(
          model,
          factors,
          optimizer,
          TrainingObjective.of(EngineAccess.model(base), SHORT),
          CaptionEncodings.encode(model, List.of("a man"), factors, region));
      Tensor leaf = factors.weights().leaves().values().iterator().next();
      try (TensorScope scope = TensorScope.open()) {
        leaf.mul(new Scalar(Double.NaN)).sum().backward();
        String message = assertThrows(
                InvalidInputException.class, () -> learning.optimize(SHORT, 1e-3))
            .getMessage();
        assertTrue(
            message.startsWith("the gradients' length is NaN (completed steps: 0); "), message);
        assertTrue(leaf.detach().isfinite().all().item_bool());
        assertEquals(0, optimizer.steps());
      }
    }
  }
}
