package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.lora.Lesson;
import dev.likeness.lora.LoraTraining;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Draws each batch from the seed and the batch's number alone, so that a resumed run draws the
 * same.
 */
record BatchSampler(
    LoraTraining settings, List<ImageBucket> buckets, CaptionBook captions, Lesson lesson) {
  /** Makes batch {@code number} of a run, hands it to {@code use} and frees it. */
  void with(int number, Consumer<TrainingStep.Batch> use) {
    try (TensorScope scope = TensorScope.open()) {
      use.accept(batch(number));
    }
  }

  private TrainingStep.Batch batch(int number) {
    ImageBucket.Turn turn = ImageBucket.turn(buckets, settings.seed(), number, settings.batch());
    ImageBucket bucket = turn.bucket();
    StepDraw draw = StepDraw.of(
        settings.seed(),
        number,
        turn.number(),
        settings.batch(),
        bucket.latents().count(),
        captions.count(),
        lesson);
    if (bucket.others().count() > 0) {
      draw = draw.and(StepDraw.of(
          ~settings.seed(),
          number,
          settings.batch(),
          bucket.others().count(),
          captions.count(),
          lesson));
    }
    try (NoiseSource random = NoiseSource.seeded(draw.seeds())) {
      return batch(bucket, draw, random);
    }
  }

  private TrainingStep.Batch batch(ImageBucket bucket, StepDraw draw, NoiseSource random) {
    long[] shape = bucket.latents().shape();
    int own = settings.batch();
    Tensor clean =
        CachedLatents.draw(draw, random.next(shape), own, bucket.latents(), bucket.others());
    Tensor noise = noise(shape, random);
    Tensor seen = settings.options().inputPerturbation() == 0
        ? noise
        : noise.add(random.next(shape), new Scalar(settings.options().inputPerturbation()));
    int[] drawn = draw.pictures();
    int[] pictures =
        IntStream.range(0, own).map(i -> bucket.pictures().get(drawn[i])).toArray();
    Tensor focus = settings.options().focus() == 1 ? null : bucket.latents().focus(draw, own);
    Tensor mask = bucket.latents().masked() ? bucket.latents().masks(draw, own) : null;
    return new TrainingStep.Batch(
        clean,
        noise,
        seen,
        draw.levels(),
        captions.chosen(draw.captions(), pictures),
        own,
        focus,
        mask);
  }

  private Tensor noise(long[] shape, NoiseSource random) {
    Tensor noise = random.next(shape);
    double offset = settings.options().noiseOffset();
    return offset == 0 ? noise : noise.add(random.next(shape[0], 1, 1), new Scalar(offset));
  }
}
