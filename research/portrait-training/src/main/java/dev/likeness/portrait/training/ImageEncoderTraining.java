package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.ipadapter.internal.vision.VisionModel;
import dev.likeness.portrait.people.Attribute;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Trains the image encoder so that its projection tells what captions say of a whole image, every
 * word of it, and the {@link PersonTraits}. What CLIP's learns from captions (Radford et al. 2021,
 * arXiv:2103.00020) it learns from what they are made of, since of some thousand images a batch's
 * other captions are soon told apart. The heads are not kept.
 */
final class ImageEncoderTraining {
  private static final Hyperparameters NUMBERS =
      new Hyperparameters(2e-3, 50, () -> TrainingDevice.muon(0.02), 0, 0.99);
  private static final int SHARES = 2;
  private static final int SHIFT = 8;
  private static final double TRAITS = 10;
  private static final int HELD = 400;

  private final PeopleSeen seen;
  private final WordLoss words;
  private final PersonTraits traits;
  private final int learnt;
  private final int batch;
  private final long seed;

  /**
   * Learns from all of {@code seen}, images of {@code renders}, but the last, which it is tried on;
   * {@code batch}, an even number, a step.
   */
  ImageEncoderTraining(PeopleSeen seen, PeopleRenders renders, int batch, long seed) {
    if (batch < 1 || batch % SHARES != 0) {
      throw new IllegalArgumentException(
          "encoderBatch=" + batch + "; give an even number: two halves are learnt at once");
    }
    this.seen = seen;
    this.words = new WordLoss(renders::person, renders::shot, seen.count());
    this.traits = PersonTraits.of(
        IntStream.range(0, seen.count()).mapToObj(renders::person).toList());
    this.learnt = seen.count() - Math.min(HELD, seen.count() / 4);
    this.batch = batch;
    this.seed = seed;
  }

  /** Trains to {@code steps}, going on from {@code state} where it is there. */
  void run(Path state, int steps) {
    loop(steps).run(state, this::step, (weights, step) -> tell(weights));
  }

  TrainingLoop loop(int steps) {
    return new TrainingLoop(
        "image encoder",
        steps,
        NUMBERS,
        seed,
        name -> name.endsWith("out_proj.weight")
            || name.endsWith("fc2.weight")
            || name.startsWith("head."));
  }

  double step(TrainableWeights weights, long step) {
    return GradientShares.backward(
        weights, SHARES, (own, share) -> loss(own, step * SHARES + share));
  }

  /** Of the images that share {@code number} of all draws. */
  private Tensor loss(Parameters weights, long number) {
    Random random = StepRandom.choices(seed, number);
    int[] chosen = random.ints(batch / SHARES, 0, learnt).toArray();
    Tensor shown = projection(weights, altered(seen.pixels(chosen), random));
    Heads heads = heads(weights, shown);
    return torch
        .mse_loss(heads.traits(shown), traits.of(chosen, 1))
        .mul(new Scalar(TRAITS))
        .add(words.of(heads.words(shown), chosen));
  }

  private static Tensor projection(Parameters weights, Tensor pixels) {
    Parameters cast = new Parameters.CastParameters(weights, TrainingDevice.TYPE);
    return new VisionModel(Architecture.imageEncoderConfig(), Weights.of(cast).at("encoder"))
        .forward(pixels.to(TrainingDevice.TYPE))
        .pooled()
        .to(ScalarType.Float);
  }

  private Heads heads(Parameters weights, Tensor shown) {
    return new Heads(Weights.of(weights).at("head"), (int) shown.size(1), traits.count());
  }

  /** Images a little aside, and each lighter or darker. */
  private static Tensor altered(Tensor pixels, Random random) {
    float[] gains = new float[(int) pixels.size(0)];
    for (int i = 0; i < gains.length; i++) {
      gains[i] = 0.85f + 0.3f * random.nextFloat();
    }
    return Alteration.shifted(pixels, SHIFT, random)
        .mul(TrainingDevice.placed(torch.tensor(gains)).view(-1, 1, 1, 1));
  }

  /** How often words of images that it does not learn from are told. */
  private void tell(TrainableWeights weights) {
    int[] held = IntStream.range(learnt, seen.count()).toArray();
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      Tensor shown = projection(weights, seen.pixels(held));
      Map<Attribute, Tensor> scores = heads(weights, shown).words(shown);
      scores.forEach((attribute, score) -> System.err.printf(
          Locale.ROOT,
          "%s %.2f ",
          attribute.name().toLowerCase(Locale.ROOT),
          words.share(attribute, score, held)));
      System.err.printf(
          Locale.ROOT,
          "%nimage encoder: of %d images never seen %.1f %% of words are told%n",
          held.length,
          100
              * scores.entrySet().stream()
                  .mapToDouble(head -> words.share(head.getKey(), head.getValue(), held))
                  .average()
                  .orElseThrow());
    }
  }
}
