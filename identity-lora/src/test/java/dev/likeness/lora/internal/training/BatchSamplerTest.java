package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.lora.OnGoldenBase;
import dev.likeness.lora.training.TrainingSettings;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Batches of latents that are all zero, so that whatever is in one is chance. */
@ExtendWith(NoTensorLeaks.class)
class BatchSamplerTest extends OnGoldenBase {
  private static final TrainingSettings PLAIN = TrainingSettings.balanced();
  private static final int BATCH = 2;
  private static final int CHANNELS = 4;
  private static final int POSITIONS = 16 * 16;

  /** What a batch holds, image by image, channel by channel. */
  private record SampledBatch(float[] latents, float[] noise, float[] inputNoise) {}

  @Test
  void usesOneNoiseForTargetAndInput() {
    SampledBatch plain = sampleBatch(PLAIN);
    assertArrayEquals(new float[BATCH * CHANNELS * POSITIONS], plain.latents);
    assertArrayEquals(plain.noise, plain.inputNoise);
    assertEquals(1, standardDeviation(plain.noise), 0.05);
  }

  /**
   * Lin et al. (2023): the noise has a mean of its own in each channel of each image, in the target
   * too.
   */
  @Test
  void offsetsEachChannelOfEachImageSeparately() {
    double strength = 0.5;
    SampledBatch offset = sampleBatch(PLAIN.noiseOffset(strength));
    float[] added = difference(offset.noise, sampleBatch(PLAIN).noise);
    assertArrayEquals(offset.noise, offset.inputNoise);
    double[] means = new double[BATCH * CHANNELS];
    for (int i = 0; i < added.length; i++) {
      means[i / POSITIONS] += added[i] / POSITIONS;
      assertEquals(
          added[i / POSITIONS * POSITIONS], added[i], 1e-5, "the same at every place of a channel");
    }
    for (int i = 1; i < means.length; i++) {
      assertNotEquals(means[0], means[i], 1e-3);
    }
    float[] twice = difference(sampleBatch(PLAIN.noiseOffset(2 * strength)).noise, offset.noise);
    assertArrayEquals(added, twice, 1e-5f, "in proportion to the strength");
  }

  /** Ning et al. (2023): the network sees more noise than it is to find. */
  @Test
  void perturbsTheInputAndKeepsTheNoiseOfTheTarget() {
    SampledBatch perturbed = sampleBatch(PLAIN.inputPerturbation(0.1));
    assertArrayEquals(sampleBatch(PLAIN).noise, perturbed.noise);
    assertEquals(0.1, standardDeviation(difference(perturbed.inputNoise, perturbed.noise)), 0.005);
  }

  @ParameterizedTest
  @CsvSource({"9, 1, 4, 10", "6, 2, 4, 4", "8, 4, 4, 3", "3, 5, 1, 8", "5, 7, 32, 12"})
  void samplesImagesOfEverySizeEquallyOften(int first, int second, int batch, int round) {
    TrainingSettings settings = TrainingSettings.balanced();
    TrainingObjective objective = TrainingObjective.of(EngineAccess.model(base), settings);
    List<ImageBucket> buckets = List.of(bucket(0, first), bucket(first, second));
    int[] seen = new int[first + second];
    for (int number = 0; number < 2 * round; number++) {
      ImageBucket.Turn turn = ImageBucket.batchTurn(buckets, 3, number, batch);
      for (int image : BatchSampler.BatchSample.of(
              3, number, turn.number(), batch, turn.bucket().images().size(), 1, objective)
          .images()) {
        seen[turn.bucket().images().get(image)]++;
      }
      if (number % round == round - 1) {
        int[] alike = new int[seen.length];
        Arrays.fill(alike, (number + 1) * batch / seen.length);
        assertArrayEquals(alike, seen, "after " + (number + 1) + " batches");
      }
    }
  }

  private static ImageBucket bucket(int from, int count) {
    return new ImageBucket(
        32, 32, IntStream.range(from, from + count).boxed().toList(), null, null);
  }

  private static SampledBatch sampleBatch(TrainingSettings changed) {
    TrainingSettings settings = changed.batchSize(BATCH).seed(3);
    CaptionEncodings.Captions captions =
        new CaptionEncodings.Captions(List.of("a person", "a woman"), 1, new int[] {-1, -1});
    SampledBatch[] drawn = new SampledBatch[1];
    try (TensorRegion region = new TensorRegion()) {
      ImageBucket bucket = new ImageBucket(
          32,
          32,
          List.of(0, 1),
          new CachedLatents(region, false),
          new CachedLatents(region, false));
      for (int i = 0; i < BATCH; i++) {
        bucket.latents().add(new float[CHANNELS * POSITIONS], CHANNELS, 16, 16);
      }
      new BatchSampler(
              settings,
              List.of(bucket),
              captions,
              TrainingObjective.of(EngineAccess.model(base), settings))
          .withBatch(
              0,
              batch -> drawn[0] = new SampledBatch(
                  ImageTensors.floats(batch.latents()),
                  ImageTensors.floats(batch.noise()),
                  ImageTensors.floats(batch.inputNoise())));
    }
    return drawn[0];
  }

  private static float[] difference(float[] a, float[] b) {
    float[] difference = new float[a.length];
    for (int i = 0; i < a.length; i++) {
      difference[i] = a[i] - b[i];
    }
    return difference;
  }

  private static double standardDeviation(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value * value;
    }
    return Math.sqrt(sum / values.length);
  }
}
