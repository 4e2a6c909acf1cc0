package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import dev.likeness.portrait.people.Attribute;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.DoubleAdder;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Teaches a network by what {@link LatentReaders} read from its own drawings of what their captions
 * ask for: reward feedback learning (Xu et al. 2023, arXiv:2304.05977, algorithm 1), where every
 * step of a drawing is learnt by, each by itself (as the last one is in DRaFT-1, Clark et al. 2024,
 * arXiv:2309.17400), and none is taken for drawing alone. Each counts by its alpha: guesses of
 * noise are blurs. But what colour things are shows in a blur, and is decided there.
 */
final class FeedbackLoss implements AutoCloseable {
  private static final long[] FIRST = {0};
  private static final Set<Attribute> COLOURS =
      EnumSet.of(Attribute.LIGHT_COLOUR, Attribute.BACKDROP_COLOUR, Attribute.OUTFIT_COLOUR);
  /** What colours count by at least. */
  private static final double EARLY = 0.3;
  /**
   * Readers know paler latents; a drawing that had to be read at half its strength would be drawn
   * too strong.
   */
  private static final float PALEST = 0.85f;

  private final LatentSet data;
  private final LatentReaders readers;
  private final double weight;
  private final double guidance;
  private final int restart;
  private final List<SamplePool> shares;
  private final DoubleAdder cost = new DoubleAdder();
  private final LongAdder drawn = new LongAdder();

  /**
   * @param weight what the loss is multiplied by
   * @param guidance that is drawn with
   * @param recipe whose shares draw apart, all together as many as a batch has
   * @param restart steps after which all drawings begin anew: a run that is stopped there, and
   *     nowhere else, ends at the same bits
   */
  FeedbackLoss(
      LatentSet data,
      PortraitRenders known,
      LatentReaders readers,
      double weight,
      double guidance,
      DiffusionTraining.Recipe recipe,
      int restart) {
    this.data = data;
    this.readers = readers;
    this.weight = weight;
    this.guidance = guidance;
    this.restart = restart;
    this.shares = IntStream.range(0, recipe.shares())
        .mapToObj(i -> new SamplePool(data, known, recipe.batch() / recipe.shares()))
        .toList();
  }

  /**
   * Goes a step on with the drawings of {@code share} in training step {@code step}, and tells
   * their loss, f32 scalar.
   */
  Tensor of(
      int share,
      long step,
      Random random,
      NoiseSource noise,
      DiffusionObjective objective,
      ClipTextEncoder words,
      UNet2DConditionModel unet) {
    SamplePool drawings = shares.get(share);
    if (step % restart == 0 || drawings.latents() == null) {
      drawings.restart(random, noise);
    }
    int[] timesteps = drawings.timesteps(objective);
    Tensor noised = drawings.latents();
    Tensor answer = guided(noised, timesteps, drawings.tokens(), words, unet);
    Tensor guesses = objective.predictedX0(answer, noised, timesteps);
    Map<Attribute, Tensor> lacking =
        AskedLoss.each(readers.words(shown(guesses, noise, random)), drawings.asked());
    cost.add(AskedLoss.sum(lacking.values()).sum().item_double());
    drawn.add(timesteps.length);
    drawings.advance(guesses.detach(), objective, random, noise);
    return weighed(lacking, objective.alphas(guesses, timesteps).flatten())
        .mean()
        .mul(new Scalar(weight));
  }

  /**
   * The sum of what each image lacks, each by its alpha, colours by no less than {@link #EARLY},
   * and by {@link HardWords#weight}: [n].
   */
  static Tensor weighed(Map<Attribute, Tensor> lacking, Tensor alphas) {
    Tensor early = alphas.clamp_min(new Scalar(EARLY));
    return AskedLoss.sum(lacking.entrySet().stream()
        .map(one -> one.getValue()
            .mul(COLOURS.contains(one.getKey()) ? early : alphas)
            .mul(new Scalar(HardWords.weight(one.getKey()))))
        .toList());
  }

  /**
   * As it learnt to read: what only it sees in the very numbers of a guess pleases nobody else.
   * Half are softened, any.
   */
  private static Tensor shown(Tensor guesses, NoiseSource noise, Random random) {
    long[] turn = {random.nextInt((int) guesses.size(0))};
    Tensor turned = guesses.roll(turn, FIRST);
    return LatentReaderTraining.altered(turned, PALEST, noise, random)
        .roll(new long[] {-turn[0]}, FIRST)
        .to(TrainingDevice.TYPE);
  }

  /** What a step's guess cost by {@link AskedLoss}, on average since this was last asked. */
  double takeCost() {
    return cost.sumThenReset() / drawn.sumThenReset();
  }

  /** Classifier-free guidance; what is steered away from stays as it is. */
  private Tensor guided(
      Tensor noised,
      int[] timesteps,
      Tensor tokens,
      ClipTextEncoder words,
      UNet2DConditionModel unet) {
    Tensor input = noised.to(TrainingDevice.TYPE);
    Tensor times = TrainingDevice.placed(timesteps);
    Tensor without;
    try (NoGradGuard guard = new NoGradGuard()) {
      Tensor nothing = words.forward(data.emptyCaption(), 0).tokens();
      without = unet.forward(
              input, times, UNetConditioning.text(nothing.expand(tokens.size(0), -1, -1)))
          .to(ScalarType.Float);
    }
    Tensor with = unet.forward(
            input, times, UNetConditioning.text(words.forward(tokens, 0).tokens()))
        .to(ScalarType.Float);
    return without.add(with.sub(without).mul(new Scalar(guidance)));
  }

  @Override
  public void close() {
    shares.forEach(SamplePool::close);
  }
}
