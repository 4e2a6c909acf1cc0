package dev.likeness.lora.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.OnGoldenBase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@ExtendWith(NoTensorLeaks.class)
class TrainingPreviewTest extends OnGoldenBase {
  private static final int STEPS = 6;
  private static final int SHOWN = 2;
  private static final ImageRequest REQUEST =
      ImageRequest.of("photo of %s").steps(2).guidance(2).size(24, 16);
  private static final TrainingSettings SETTINGS = TrainingSettings.balanced()
      .rank(2)
      .batchSize(2)
      .steps(STEPS)
      .learningRate(1e-2)
      .trainTextEncoder(false)
      .targetModules("unet\\.mid_block\\..*(attn2\\.to_k|conv1)");
  private static final TrainingSet SET = TrainingSet.of(images(), PersonToken.of("woman"));
  private static final TrainingSet PREVIEWED = SET.preview(new TrainingPreview(SHOWN, REQUEST));

  @TempDir
  private Path folder;

  static Stream<TrainingSettings> settings() {
    return Stream.of(
        SETTINGS,
        SETTINGS.trainTextEncoder(true).randomFlip(true).emaDecay(0.5),
        SETTINGS.priorPreservation(1, 1).gradientAccumulationSteps(2));
  }

  /** Weights and losses are those of a training without a preview, to the bit. */
  @ParameterizedTest
  @MethodSource("settings")
  void changesNeitherWeightsNorLosses(TrainingSettings settings) throws IOException {
    List<ProgressEvent> alone = new ArrayList<>();
    List<ProgressEvent> events = new ArrayList<>();
    assertArrayEquals(
        train(settings, SET, Run.of(alone::add)), train(settings, PREVIEWED, Run.of(events::add)));
    assertEquals(losses(alone), losses(events));
    assertEquals(STEPS, losses(events).size());
    assertEquals(List.of(), previews(alone));
    assertEquals(1, previews(events).size());
  }

  @Test
  void showsTheWeightsOfItsStep() {
    List<ProgressEvent> events = new ArrayList<>();
    new LoraTrainer(SETTINGS).train(base, PREVIEWED, Run.of(events::add)).close();
    ProgressEvent.Preview preview = previews(events).get(0);
    assertEquals(SHOWN, preview.step());
    assertTrue(Double.isNaN(preview.score()));
    ProgressEvent before = events.get(events.indexOf(preview) - 1);
    assertEquals(SHOWN, ((ProgressEvent.Step) before).step());
    ImageRequest named = REQUEST.prompt("photo of sks woman");
    RgbImage shown = preview.images().get(0);
    TrainingSettings until =
        SETTINGS.learningRateScheduler(LearningRateScheduler.CONSTANT).warmupSteps(0);
    List<ProgressEvent> constant = new ArrayList<>();
    new LoraTrainer(until).train(base, PREVIEWED, Run.of(constant::add)).close();
    try (LoraPerson person = new LoraTrainer(until.steps(SHOWN)).train(base, SET)) {
      assertEquals(
          base.generate(named.adapter(person.at(1))).image(),
          previews(constant).get(0).images().get(0));
    }
    assertFalse(shown.equals(base.generate(named).image()), "the base without training");
  }

  /** Stopped before, at and after the preview, the training shows it once, to the bit. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4})
  void isNotRepeatedByAResumedTraining(int stopped) throws IOException {
    List<ProgressEvent> events = new ArrayList<>();
    byte[] whole = train(SETTINGS, PREVIEWED, Run.of(events::add));
    ProgressEvent.Preview expected = previews(events).get(0);
    events.clear();
    TrainingSet kept = PREVIEWED.stateFile(folder.resolve("state.safetensors"));
    Cancellation stop = new Cancellation();
    Progress seen = event -> {
      events.add(event);
      if (event instanceof ProgressEvent.Step step
          && step.phase().equals("train")
          && step.step() == stopped) {
        stop.cancel();
      }
    };
    assertThrows(CancelledException.class, () -> train(SETTINGS, kept, new Run(seen, stop)));
    assertArrayEquals(whole, train(SETTINGS, kept, Run.of(seen)));
    assertEquals(
        List.of(expected.step()),
        previews(events).stream().map(ProgressEvent.Preview::step).toList());
    assertEquals(expected.images(), previews(events).get(0).images());
  }

  /** A process that ends right after the preview has saved that it was shown. */
  @Test
  void savesThatItWasShown() throws IOException {
    Path state = folder.resolve("state.safetensors");
    Path copy = folder.resolve("copy.safetensors");
    List<ProgressEvent> events = new ArrayList<>();
    TrainingSet kept = PREVIEWED.stateFile(state).saveInterval(100);
    byte[] whole = train(SETTINGS, kept, Run.of(event -> {
      if (event instanceof ProgressEvent.Step step
          && step.phase().equals("train")
          && step.step() == SHOWN + 1) {
        copy(state, copy);
      }
    }));
    assertArrayEquals(whole, train(SETTINGS, PREVIEWED.stateFile(copy), Run.of(events::add)));
    assertEquals(STEPS - SHOWN, losses(events).size());
    assertEquals(List.of(), previews(events));
  }

  @Test
  void refusesAStepBelowOne() {
    assertEquals(
        "a preview needs at least 1 training step before it, got 0",
        assertThrows(IllegalArgumentException.class, () -> new TrainingPreview(0, REQUEST))
            .getMessage());
  }

  private static void copy(Path from, Path to) {
    try {
      Files.copy(from, to);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private byte[] train(TrainingSettings settings, TrainingSet set, Run run) throws IOException {
    Path file = folder.resolve("person.safetensors");
    try (LoraPerson person = new LoraTrainer(settings).train(base, set, run)) {
      person.save(file);
    }
    return Files.readAllBytes(file);
  }

  private static List<ProgressEvent.Preview> previews(List<ProgressEvent> events) {
    return events.stream()
        .filter(ProgressEvent.Preview.class::isInstance)
        .map(ProgressEvent.Preview.class::cast)
        .toList();
  }

  private static List<Double> losses(List<ProgressEvent> events) {
    return events.stream()
        .filter(
            event -> event instanceof ProgressEvent.Step step && step.phase().equals("train"))
        .map(event -> ((ProgressEvent.Step) event).loss().orElseThrow())
        .toList();
  }

  private static List<RgbImage> images() {
    Random random = new Random(11);
    byte[] rgb = new byte[24 * 16 * 3];
    return Stream.of(1, 2, 3)
        .map(i -> {
          random.nextBytes(rgb);
          return RgbImage.of(24, 16, rgb.clone());
        })
        .toList();
  }
}
