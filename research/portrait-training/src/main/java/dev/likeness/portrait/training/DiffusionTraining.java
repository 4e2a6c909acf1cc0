package dev.likeness.portrait.training;

import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.nn.Parameters;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.nn.unet.UNetConfig;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.text.ClipTextConfig;
import dev.likeness.diffusion.internal.text.ClipTextEncoder;
import dev.likeness.diffusion.internal.training.DiffusionObjective;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.LongConsumer;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/** Trains the text tower and the UNet together on latents and captions. */
final class DiffusionTraining {
  /**
   * Share of images whose caption is left out, so that guidance has something to steer away from.
   */
  private static final double UNCONDITIONAL = 0.1;

  private static final double CALM = 0.2;
  private static final double CALM_UNTIL = 0.4;

  /**
   * The numbers of a run.
   *
   * @param steps optimiser steps in all
   * @param batch images a step
   * @param shares of a batch that are learnt at once, each on a thread of its own
   * @param rate the highest learning rate
   */
  record Recipe(int steps, int batch, int shares, double rate) {
    Recipe {
      if (shares < 1 || batch < shares || batch % shares != 0) {
        throw new IllegalArgumentException(
            "a batch of " + batch + " has no " + shares + " equal shares; give a multiple");
      }
    }
  }

  private final LatentSet data;
  private final DiffusionObjective objective;
  private final ClipTextConfig textConfig;
  private final UNetConfig unetConfig = Architecture.unetConfig();
  private final long seed;
  private Path start;
  private PerceptualLoss perceptual;
  private FeedbackLoss feedback;
  private Map<String, String> made = Map.of();

  DiffusionTraining(LatentSet data, DiffusionObjective objective, int vocabulary, long seed) {
    this.data = data;
    this.objective = objective;
    this.textConfig = Architecture.textConfig(vocabulary);
    this.seed = seed;
  }

  /**
   * Begins with the weights of a model folder, not with random ones, where there is no state to go
   * on from.
   */
  void startFrom(Path folder) {
    start = folder;
  }

  /** Lets states say how they came to be. */
  void tell(Map<String, String> told) {
    made = told;
  }

  /** Learns by {@code loss} too. */
  void perceive(PerceptualLoss loss) {
    perceptual = loss;
  }

  /** Learns by {@code loss} of its own drawings too. */
  void please(FeedbackLoss loss) {
    feedback = loss;
  }

  /**
   * Trains, going on from {@code file} where it is there; the state is saved as it goes, and
   * {@code saved} told the step.
   */
  void run(Path file, Recipe recipe, LongConsumer saved) {
    runTo(file, recipe, recipe.steps, saved);
  }

  /** As {@link #run}, but stops after step {@code last} of the recipe. */
  void runTo(Path file, Recipe recipe, int last, LongConsumer saved) {
    Hyperparameters numbers =
        new Hyperparameters(recipe.rate, 100, () -> TrainingDevice.muon(0.01), 1, 0.999);
    TrainingLoop loop = new TrainingLoop(
        "diffusion",
        recipe.steps,
        numbers,
        seed,
        noise -> WeightInitializer.seeded(noise, DiffusionTraining::silent),
        this::begin);
    loop.telling(made)
        .runTo(
            file,
            last,
            (weights, step) -> GradientShares.backward(
                weights, recipe.shares, (own, share) -> loss(own, step, share, recipe)),
            (weights, step) -> {
              if (feedback != null) {
                System.err.printf(
                    Locale.ROOT,
                    "diffusion: guesses cost %.3f each by what they lack%n",
                    feedback.takeCost());
              }
              saved.accept(step);
            });
  }

  private void begin(TrainableWeights weights) {
    if (start != null) {
      FirstWeights.load(start, weights);
    }
  }

  /** Last layers of residual branches and of the network, which start at zero. */
  private static boolean silent(String name) {
    return name.startsWith("unet.")
        && (name.endsWith("conv2.weight")
            || name.endsWith("proj_out.weight")
            || name.equals("unet.conv_out.weight"));
  }

  /** Of the images that a share of a step draws. */
  private Tensor loss(Parameters weights, long step, int share, Recipe recipe) {
    long number = step * recipe.shares + share;
    int batch = recipe.batch / recipe.shares;
    Random random = StepRandom.choices(seed, number);
    try (NoiseSource source = StepRandom.noise(seed, number)) {
      Weights cast = Weights.of(new Parameters.CastParameters(weights, TrainingDevice.TYPE));
      LatentSet.Batch examples = data.draw(random, batch, UNCONDITIONAL);
      Tensor x = examples.latents();
      Tensor noise = TrainingDevice.noise(source, batch, x.size(1), x.size(2), x.size(3));
      int[] timesteps = timesteps(random, batch);
      ClipTextEncoder words = new ClipTextEncoder(textConfig, cast.at("text_encoder"));
      Tensor text = words.forward(examples.tokens(), 0).tokens();
      UNet2DConditionModel unet = new UNet2DConditionModel(unetConfig, cast.at("unet"));
      Tensor noised = objective.addNoise(x, noise, timesteps).to(TrainingDevice.TYPE);
      Tensor answer =
          unet.forward(noised, TrainingDevice.placed(timesteps), UNetConditioning.text(text));
      Tensor loss = objective.loss(
          answer, objective.target(x, noise, timesteps), timesteps, examples.focus());
      if (perceptual != null) {
        loss = loss.add(perceptual.of(objective, answer, noised, x, timesteps, examples.images()));
      }
      return feedback == null
          ? loss
          : loss.add(feedback.of(share, step, random, source, objective, words, unet));
    }
  }

  /**
   * One from each of {@code count} equally likely stretches, so that steps differ less. Of five
   * images one is noised to less than 0.4 of the way, where little is left to decide, and four to
   * more, where faces come into being.
   */
  private int[] timesteps(Random random, int count) {
    return IntStream.range(0, count)
        .map(i -> {
          double place = (i + random.nextDouble()) / count;
          double way = place < CALM
              ? CALM_UNTIL * place / CALM
              : CALM_UNTIL + (1 - CALM_UNTIL) * (place - CALM) / (1 - CALM);
          return (int) (way * objective.schedule().length());
        })
        .toArray();
  }
}
