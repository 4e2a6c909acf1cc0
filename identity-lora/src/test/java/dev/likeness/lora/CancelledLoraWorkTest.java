package dev.likeness.lora;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.CancelledHalfway;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.lora.training.ValidationOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Work on LoRAs stops at its next part, and a training that was stopped anywhere can be resumed.
 */
@ExtendWith(NoTensorLeaks.class)
class CancelledLoraWorkTest extends OnGoldenBase {
  private static final PersonToken SUBJECT = PersonToken.of("woman");
  private static final String FEW_LAYERS = "unet\\.mid_block\\..*(attn2\\.to_k|conv1)";
  private static final TrainingSettings SETTINGS = TrainingSettings.balanced()
      .rank(2)
      .batchSize(1)
      .steps(2)
      .trainTextEncoder(false)
      .targetModules(FEW_LAYERS);

  @TempDir
  private Path folder;

  @Test
  void opening() {
    Path file = GoldenLora.file("wide");
    CancelledHalfway.stops(20, () -> Lora.open(file, base).close());
  }

  @Test
  void mergingAndResizing() {
    try (Lora lora = Lora.open(GoldenLora.file("wide"), base)) {
      CancelledHalfway.stops(20, () -> LoraMerge.merge(Map.of(lora, 0.5), 2).close());
      CancelledHalfway.stops(20, () -> LoraMerge.resize(lora, 1).close());
      CancelledHalfway.stops(20, () -> lora.save(folder.resolve("lora.safetensors")));
    }
  }

  @Test
  void extracting() {
    Path files =
        GoldenFolder.write("base", GoldenFolder.KeyFormat.CURRENT, folder).path();
    try (BaseModel tuned = BaseModel.open(files, Compute.EXACT)) {
      LoraMerge.extract(base, tuned, 2).close();
      CancelledHalfway.stops(100, () -> LoraMerge.extract(base, tuned, 2).close());
    }
  }

  @Test
  void fusingAndAttaching() {
    try (Lora lora = Lora.open(GoldenLora.file("wide"), base)) {
      ImageRequest request = ImageRequest.of("a woman").steps(1).size(24, 16);
      base.generate(request.adapter(lora.at(1)));
      CancelledHalfway.stops(100, () -> base.generate(request.adapter(lora.at(0.5))));
    }
  }

  @Test
  void encodingOfTheImagesOfATraining() {
    TrainingSet one = TrainingSet.of(images(1), SUBJECT);
    TrainingSet nine = TrainingSet.of(images(9), SUBJECT);
    new LoraTrainer(SETTINGS).train(base, one).close();
    int parts = CancelledHalfway.stops(
        100, () -> new LoraTrainer(SETTINGS).train(base, one).close());
    int more = CancelledHalfway.stops(
        100, () -> new LoraTrainer(SETTINGS).train(base, nine).close());
    // Each image takes a part for each layer of the autoencoder's encoder, at least.
    assertEquals(true, more - parts >= 8 * 20, parts + " parts, with eight more images " + more);
  }

  @Test
  void validation() {
    AtomicInteger scored = new AtomicInteger();
    AtomicReference<Cancellation> stop = new AtomicReference<>(new Cancellation());
    ImageRequest request = ImageRequest.of("%s").steps(1).size(24, 16);
    TrainingSet set = TrainingSet.of(images(1), SUBJECT)
        .validation(new ValidationOptions(
            1,
            request,
            images -> {
              scored.incrementAndGet();
              stop.get().cancel();
              // A scorer with networks has many parts, of which the first must not begin.
              CurrentWork.throwIfCancelled();
              scored.incrementAndGet();
              return 0;
            },
            0));
    assertThrows(
        CancelledException.class,
        () -> new LoraTrainer(SETTINGS).train(base, set, Run.of(stop.get())));
    assertEquals(1, scored.get());
  }

  @ParameterizedTest
  @CsvSource({"false, 1", "true, 1", "true, 2"})
  void aTrainingThatIsStoppedAnywhereEndsWithTheSameWeights(boolean recomputes, int batches) {
    TrainingSettings settings =
        SETTINGS.gradientCheckpointing(recomputes).gradientAccumulationSteps(batches);
    AtomicInteger parts = new AtomicInteger();
    float[] whole = CurrentWork.run(
        parts::incrementAndGet,
        () -> train(settings, TrainingSet.of(images(1), SUBJECT), new Cancellation()));
    for (int twelfth = 1; twelfth < 12; twelfth++) {
      int last = parts.get() * twelfth / 12;
      Path state = folder.resolve("state-" + twelfth + ".safetensors");
      TrainingSet set = TrainingSet.of(images(1), SUBJECT).stateFile(state);
      Cancellation stop = new Cancellation();
      AtomicInteger begun = new AtomicInteger();
      try {
        CurrentWork.run(
            () -> {
              if (begun.incrementAndGet() == last) {
                stop.cancel();
              }
            },
            () -> train(settings, set, stop));
      } catch (CancelledException stopped) {
        // Late parts belong to the image of the finished training.
      }
      assertArrayEquals(whole, train(settings, set, new Cancellation()), twelfth + " of 12");
    }
  }

  private static float[] train(TrainingSettings settings, TrainingSet set, Cancellation stop) {
    try (LoraPerson person = new LoraTrainer(settings).train(base, set, Run.of(stop))) {
      return base.generate(
              ImageRequest.of("sks woman").steps(1).guidance(1).size(24, 16).adapter(person.at(1)))
          .pixels();
    }
  }

  private static List<RgbImage> images(int count) {
    Random random = new Random(11);
    return IntStream.range(0, count)
        .mapToObj(i -> {
          byte[] rgb = new byte[24 * 16 * 3];
          random.nextBytes(rgb);
          return RgbImage.of(24, 16, rgb);
        })
        .toList();
  }
}
