package dev.likeness.portrait.training;

import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.CastParameters;
import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.weights.Parameters;
import dev.likeness.diffusion.weights.Weights;
import dev.likeness.ipadapter.vision.ImageEncoding;
import dev.likeness.ipadapter.vision.VisionTower;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Random;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Trains the image encoder so that its tokens hold who is seen and its projection what a caption says of the picture: each
 * picture is to be told by its person among all ({@code head.people}, Wang et al. 2018, arXiv:1801.09414, without the
 * margin) and by its caption among the batch's (Radford et al. 2021, arXiv:2103.00020, figure 3). The heads are not kept.
 */
final class ImageEncoderTraining {
  private static final int IDENTITY = 128;
  private static final double SHARPNESS = 24;
  private static final double CAPTION_SHARPNESS = 14;
  private static final Hyperparameters NUMBERS = new Hyperparameters(1e-3, 50, 0.01, 1, 0.995);
  private static final int SHIFT = 6;
  private static final int SIDE = Architecture.SEEN;
  private static final int HELD_OUT = 100;

  private final PeopleSeen seen;
  private final int people;
  private final int batch;
  private final long seed;

  /** Learns from all of {@code seen} but its last people, whom it is tried on; {@code batch} people a step. */
  ImageEncoderTraining(PeopleSeen seen, int batch, long seed) {
    this.seen = seen;
    this.people = seen.people() - Math.min(HELD_OUT, seen.people() / 4);
    this.batch = batch;
    this.seed = seed;
  }

  /** Trains to {@code steps}, going on from {@code state} where it is there. */
  void run(Path state, int steps) {
    loop(steps).run(state, this::step, (weights, step) -> tell(weights));
  }

  TrainingLoop loop(int steps) {
    return new TrainingLoop("image encoder", steps, NUMBERS, seed,
        name -> name.endsWith("out_proj.weight") || name.endsWith("fc2.weight"));
  }

  /** What the heads see of a picture: unit vectors of its person and its scene, and of its caption. */
  private record Views(Tensor person, Tensor scene, Tensor caption) { }

  double step(TrainableWeights weights, long number) {
    Random random = new Random(seed * 31 + number);
    long[] shown = new long[2 * batch];
    long[] own = new long[2 * batch];
    for (int i = 0; i < batch; i++) {
      own[i] = random.nextInt(people);
      own[batch + i] = own[i];
      int shot = random.nextInt(PeopleRenders.SHOTS);
      shown[i] = own[i] * PeopleRenders.SHOTS + shot;
      shown[batch + i] = own[i] * PeopleRenders.SHOTS + (shot + 1 + random.nextInt(PeopleRenders.SHOTS - 1)) % PeopleRenders.SHOTS;
    }
    try (TensorScope scope = TensorScope.open()) {
      Views views = views(weights, altered(seen.pixels(shown), random), seen.captions(shown));
      Tensor everybody = unit(weights.get("head.people", people, IDENTITY));
      Tensor who = torch.cross_entropy_loss(views.person.matmul(everybody.t()).mul(new Scalar(SHARPNESS)), Working.placed(torch.tensor(own)));
      Tensor logits = views.scene.matmul(views.caption.t()).mul(new Scalar(CAPTION_SHARPNESS));
      Tensor order = Working.placed(torch.arange(new Scalar(2L * batch)));
      Tensor what = torch.cross_entropy_loss(logits, order).add(torch.cross_entropy_loss(logits.t(), order));
      Tensor loss = who.add(what.mul(new Scalar(0.5)));
      loss.backward();
      return loss.item_float();
    }
  }

  private static Views views(TrainableWeights weights, Tensor pixels, Tensor captions) {
    Parameters cast = new CastParameters(weights, Working.TYPE);
    ImageEncoding encoding =
        new VisionTower(Architecture.imageEncoderConfig(), Weights.of(cast).at("encoder")).forward(pixels.to(Working.TYPE));
    Tensor tokens = encoding.penultimate().to(ScalarType.Float).mean(1);
    Tensor person = weights.get("head.identity.weight", IDENTITY, tokens.size(1));
    Tensor text = weights.get("head.text.weight", captions.size(1), captions.size(1));
    return new Views(unit(tokens.matmul(person.t())), unit(encoding.pooled().to(ScalarType.Float)),
        unit(captions.matmul(text.t())));
  }

  private static Tensor unit(Tensor rows) {
    return rows.mul(rows.square().sum(new long[] {1}, true, new ScalarTypeOptional()).add(new Scalar(1e-12)).rsqrt());
  }

  /** Pictures a little aside, and each lighter or darker. */
  private static Tensor altered(Tensor pixels, Random random) {
    Tensor wide = torch.reflection_pad2d(pixels, SHIFT, SHIFT, SHIFT, SHIFT);
    Tensor aside = wide.narrow(2, random.nextInt(2 * SHIFT + 1), SIDE).narrow(3, random.nextInt(2 * SHIFT + 1), SIDE);
    float[] gains = new float[(int) pixels.size(0)];
    for (int i = 0; i < gains.length; i++) {
      gains[i] = 0.85f + 0.3f * random.nextFloat();
    }
    return aside.mul(Working.placed(torch.tensor(gains)).view(-1, 1, 1, 1));
  }

  /** How often people whom it never saw are told by another picture of theirs, and pictures by their captions. */
  private void tell(TrainableWeights weights) {
    int held = seen.people() - people;
    long[] selfies = new long[held];
    long[] headshots = new long[held];
    for (int i = 0; i < held; i++) {
      selfies[i] = (long) (people + i) * PeopleRenders.SHOTS;
      headshots[i] = selfies[i] + 1;
    }
    try (TensorScope scope = TensorScope.open(); NoGradGuard guard = new NoGradGuard()) {
      Views first = views(weights, seen.pixels(selfies), seen.captions(selfies));
      Views second = views(weights, seen.pixels(headshots), seen.captions(headshots));
      System.err.printf(Locale.ROOT, "image encoder: of %d people never seen %.0f %% told by a selfie, %.0f %% of headshots by"
          + " their caption%n", held, told(first.person, second.person), told(second.scene, second.caption));
    }
  }

  private static double told(Tensor rows, Tensor columns) {
    Tensor nearest = rows.matmul(columns.t()).argmax(new org.bytedeco.pytorch.LongOptional(1), false);
    return 100 * nearest.eq(Working.placed(torch.arange(new Scalar(rows.size(0))))).to(ScalarType.Float).mean().item_double();
  }
}
