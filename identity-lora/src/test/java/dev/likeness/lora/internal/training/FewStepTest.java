package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingExample;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.schedulers.NoiseLevel;
import dev.likeness.schedulers.Prediction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Distillation to few steps. */
@ExtendWith(NoTensorLeaks.class)
class FewStepTest {
  private static final double[] LEVELS = {219, 459, 659, 999};

  @TempDir
  private Path parent;

  /**
   * A network that knows the image behind all noise, or takes it for one that is brighter by
   * {@code error}.
   */
  private record PerfectTarget(OpenModel model, Tensor image, double error)
      implements TrainingTarget {
    @Override
    public ModelComponent component() {
      return ModelComponent.UNET;
    }

    @Override
    public int sizeMultiple() {
      return 2;
    }

    @Override
    public Recipe recipe() {
      throw new UnsupportedOperationException("of one test");
    }

    @Override
    public List<LoadedClip> clipTextEncoders() {
      return List.of();
    }

    @Override
    public TextEncoding encode(List<String> texts, Tensor byT5, TrainingTarget.Trained trained) {
      return new TextEncoding(torch.zeros(texts.size(), 1, 1), null);
    }

    @Override
    public Tensor predict(
        TrainingTarget.Trained trained,
        Tensor noised,
        double[] levels,
        TextEncoding text,
        SegmentRunner segments) {
      TensorVector rows = new TensorVector();
      for (int i = 0; i < levels.length; i++) {
        NoiseLevel level = model.scheduler().noiseSchedule().level((int) levels[i]);
        // What the network is sure of is off by the more, the less noise there is.
        Tensor clean = image.narrow(0, i, 1).add(new Scalar(error * levels[i] / 1000));
        Tensor noise = noised
            .narrow(0, i, 1)
            .sub(clean.mul(new Scalar(level.alpha())))
            .div(new Scalar(level.sigma()));
        rows.push_back(
            model.scheduler().prediction() == Prediction.EPSILON
                ? noise
                : noise.mul(new Scalar(level.alpha())).sub(clean.mul(new Scalar(level.sigma()))));
      }
      return torch.cat(rows, 0);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"base", "v-prediction"})
  void hasNoLossForANetworkThatPredictsOneImage(String variant) {
    Path folder =
        GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, parent).path();
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      assertEquals(0, loss(base, 0, 1), 1e-4);
      assertEquals(0, loss(base, 0, 7), 1e-4, "with and without words it sees the same");
      // Two hundred timesteps of a thousand apart, a fifth of what it is off by at the end.
      assertEquals(0.2, loss(base, 1, 1), 2e-3);
    }
  }

  private static double loss(BaseModel base, double off, double guidance) {
    return loss(base, clean -> new PerfectTarget(EngineAccess.model(base), clean, off), guidance);
  }

  /** The loss of images that {@code targets} knows. */
  private static double loss(
      BaseModel base, Function<Tensor, TrainingTarget> targets, double guidance) {
    try (TensorScope scope = TensorScope.open();
        TensorRegion region = new TensorRegion();
        NoiseSource random = NoiseSource.seeded(3)) {
      Tensor clean = random.next(4, 4, 6, 5).squeeze(0);
      Tensor noise = random.next(4, 4, 6, 5).squeeze(0);
      TrainingTarget model = targets.apply(clean);
      TrainingObjective objective =
          TrainingObjective.of(EngineAccess.model(base), TrainingSettings.fewStep(guidance));
      CaptionEncodings texts = CaptionEncodings.encode(
          model,
          List.of("a man"),
          new ConsistencyDistillation.FrozenBase(EngineAccess.model(base)),
          region);
      TrainingStep step = new ConsistencyDistillation(
          EngineAccess.model(base), model, null, null, objective, texts, guidance, region);
      return step.loss(
              new TrainingStep.Batch(clean, noise, noise, LEVELS, new int[4], 4, null),
              1,
              SegmentRunner.PLAIN)
          .item_double();
    }
  }

  /** A network that sees nothing, and keeps the most that a text without words says to it. */
  private static final class RecordingTarget implements TrainingTarget {
    private final TrainingTarget base;
    private double largest;

    RecordingTarget(TrainingTarget base) {
      this.base = base;
    }

    @Override
    public TextEncoding emptyNegative(TextEncoding empty) {
      return base.emptyNegative(empty);
    }

    @Override
    public ModelComponent component() {
      return ModelComponent.UNET;
    }

    @Override
    public int sizeMultiple() {
      return 2;
    }

    @Override
    public Recipe recipe() {
      throw new UnsupportedOperationException("of one test");
    }

    @Override
    public List<LoadedClip> clipTextEncoders() {
      return List.of();
    }

    /** 2 for words, 1 for none. */
    @Override
    public TextEncoding encode(List<String> texts, Tensor byT5, TrainingTarget.Trained trained) {
      Scalar said = new Scalar(texts.get(0).isEmpty() ? 1.0 : 2.0);
      return new TextEncoding(
          torch.full(new long[] {1, 1, 1}, said), torch.full(new long[] {1, 1}, said));
    }

    @Override
    public Tensor predict(
        TrainingTarget.Trained trained,
        Tensor noised,
        double[] levels,
        TextEncoding text,
        SegmentRunner segments) {
      double said = text.tokens().add(text.pooled().unsqueeze(1)).max().item_double();
      largest = said == 4 ? largest : Math.max(largest, said);
      return torch.zeros_like(noised);
    }
  }

  @ParameterizedTest
  @CsvSource({"xl-base, 0", "xl-words-for-nothing, 2"})
  void guidesAwayFromTheNegativeOfGeneration(String variant, double said) {
    Path folder =
        GoldenFolder.write(variant, GoldenFolder.KeyFormat.CURRENT, parent).path();
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      RecordingTarget model = new RecordingTarget(TrainingTarget.of(EngineAccess.model(base)));
      model.largest = -1;
      loss(base, clean -> model, 4);
      assertEquals(said, model.largest);
    }
  }

  @Test
  @Tag("slow")
  void resumesAndEndsAtTheSameBits() throws IOException {
    Path folder =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path();
    TrainingSettings training = TrainingSettings.fewStep(3).steps(26).batchSize(1);
    try (BaseModel base = BaseModel.open(folder, Compute.EXACT)) {
      Optional<Path> state = Optional.of(parent.resolve("state.safetensors"));
      Path whole = trained(base, training, Optional.empty(), new Cancellation(), "whole");
      Cancellation stop = new Cancellation();
      assertThrows(RuntimeException.class, () -> trained(base, training, state, stop, "stopped"));
      assertTrue(Files.exists(state.orElseThrow()));
      assertArrayEquals(
          Files.readAllBytes(whole),
          Files.readAllBytes(trained(base, training, state, new Cancellation(), "on")));
    }
  }

  private Path trained(
      BaseModel base,
      TrainingSettings training,
      Optional<Path> state,
      Cancellation stop,
      String name) {
    Path file = parent.resolve(name + ".safetensors");
    Progress stopping = event -> {
      if (name.equals("stopped") && event.toString().contains("step=25")) {
        stop.cancel();
      }
    };
    TrainingSet images = TrainingSet.ofExamples(
        List.of(TrainingExample.of(RgbImage.of(16, 16, new byte[16 * 16 * 3])).caption("a man")),
        new PersonToken("", "person", ""));
    TrainingSet set = state.map(images::stateFile).orElse(images);
    try (LoraPerson nobody = new LoraTrainer(training).train(base, set, new Run(stopping, stop))) {
      nobody.lora().save(file);
    }
    return file;
  }

  @Test
  void reportsTruncatedCaptionsAndRefusesIgnoredOptions() {
    TrainingSettings training = TrainingSettings.fewStep(3).steps(1).batchSize(1);
    TrainingExample image =
        TrainingExample.of(RgbImage.of(16, 16, new byte[16 * 16 * 3])).caption("a man ".repeat(99));
    List<String> said = new ArrayList<>();
    Progress notices = event -> {
      if (event instanceof ProgressEvent.Notice notice) {
        said.add(notice.message());
      }
    };
    try (BaseModel base = BaseModel.open(
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, parent).path(), Compute.EXACT)) {
      new LoraTrainer(training).train(base, set(image), Run.of(notices)).close();
      assertEquals(1, said.size(), said.toString());
      assertThrows(
          IllegalArgumentException.class,
          () -> new LoraTrainer(training)
              .train(base, set(image.mask(image.image())), Run.of(notices)));
    }
  }

  private static TrainingSet set(TrainingExample image) {
    return TrainingSet.ofExamples(List.of(image), new PersonToken("", "person", ""));
  }

  @Test
  void refusesAGuidanceScaleBelowOne() {
    for (double scale : new double[] {0, 0.5, Double.NaN}) {
      assertEquals(
          "guidance must be at least 1, got " + scale,
          assertThrows(IllegalArgumentException.class, () -> TrainingSettings.fewStep(scale))
              .getMessage());
    }
  }

  @Test
  void refusesToTrainTheTextEncoder() {
    assertEquals(
        "few-step distillation trains only the denoising network; use no class images, and"
            + " do not train the text encoder",
        assertThrows(
                IllegalArgumentException.class,
                () -> TrainingSettings.fewStep(4).trainTextEncoder(true))
            .getMessage());
  }
}
