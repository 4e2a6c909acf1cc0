package dev.likeness.portrait.training;

import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.text.ClipTextConfig;
import dev.likeness.diffusion.text.ClipTextEncoder;
import dev.likeness.diffusion.training.AdamW;
import dev.likeness.diffusion.training.CastParameters;
import dev.likeness.diffusion.training.Ema;
import dev.likeness.diffusion.training.GradientNorm;
import dev.likeness.diffusion.training.InitialValues;
import dev.likeness.diffusion.training.LearningRate;
import dev.likeness.diffusion.training.Objective;
import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.training.TrainingState;
import dev.likeness.diffusion.unet.UNet2DConditionModel;
import dev.likeness.diffusion.unet.UNetConditioning;
import dev.likeness.diffusion.unet.UNetConfig;
import dev.likeness.diffusion.weights.Weights;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Trains the text tower and the UNet together on latents and captions. */
final class DiffusionTraining {
  /** Share of pictures whose caption is left out, so that guidance has something to steer away from. */
  private static final double UNCONDITIONAL = 0.1;

  private static final int SAVE_EVERY = 100;

  /**
   * The numbers of a run.
   *
   * @param steps optimiser steps in all
   * @param batch pictures a step
   * @param rate the highest learning rate
   */
  record Recipe(int steps, int batch, double rate) { }

  private final LatentSet data;
  private final Objective objective;
  private final ClipTextConfig textConfig;
  private final UNetConfig unetConfig = Architecture.unetConfig();
  private final long seed;
  private Path start;

  DiffusionTraining(LatentSet data, Objective objective, int vocabulary, long seed) {
    this.data = data;
    this.objective = objective;
    this.textConfig = Architecture.textConfig(vocabulary);
    this.seed = seed;
  }

  /** Begins with the weights of a model folder, not with random ones, where there is no state to go on from. */
  void startFrom(Path folder) {
    start = folder;
  }

  /** Trains, going on from {@code file} where it is there; the state is saved as it goes, and {@code saved} told. */
  void run(Path file, Recipe recipe, Runnable saved) {
    runTo(file, recipe, recipe.steps, saved);
  }

  /** As {@link #run}, but stops after step {@code last} of the recipe. */
  void runTo(Path file, Recipe recipe, int last, Runnable saved) {
    LearningRate rate = LearningRate.cosine(recipe.rate, recipe.steps).warmup(100);
    try (NoiseSource first = NoiseSource.seeded(seed); AdamW adam = new AdamW(0.9, 0.99, 1e-8, 0.01);
        TrainableWeights weights = new TrainableWeights(InitialValues.seeded(first, DiffusionTraining::silent));
        Ema ema = new Ema(0.999)) {
      TrainingState state = new TrainingState(weights, adam, ema);
      if (Files.exists(file)) {
        state.load(file);
      } else if (start != null) {
        FirstWeights.load(start, weights);
      }
      double average = Double.NaN;
      while (adam.steps() < last) {
        long step = adam.steps();
        double loss = step(weights, step, recipe);
        GradientNorm.clip(weights.leaves().values(), 1.0);
        adam.step(weights.leaves(), rate.at(step));
        ema.update(weights.leaves(), step + 1);
        average = Double.isNaN(average) ? loss : 0.95 * average + 0.05 * loss;
        if ((step + 1) % 20 == 0) {
          System.err.printf(Locale.ROOT, "diffusion step %d/%d loss %.4f%n", step + 1, recipe.steps, average);
        }
        if ((step + 1) % SAVE_EVERY == 0 || step + 1 == last) {
          state.save(file, Map.of());
          saved.run();
        }
      }
    }
  }

  /** Last layers of residual branches and of the network, which start at zero. */
  private static boolean silent(String name) {
    return name.startsWith("unet.")
        && (name.endsWith("conv2.weight") || name.endsWith("proj_out.weight") || name.equals("unet.conv_out.weight"));
  }

  private double step(TrainableWeights weights, long step, Recipe recipe) {
    int batch = recipe.batch;
    Random random = new Random(seed * 31 + step);
    try (TensorScope scope = TensorScope.open(); NoiseSource source = NoiseSource.seeded(seed * 1_000_003 + step)) {
      Weights cast = Weights.of(new CastParameters(weights, ScalarType.BFloat16));
      LatentSet.Batch examples = data.draw(random, batch, UNCONDITIONAL);
      Tensor x = examples.latents();
      Tensor noise = source.next(batch, x.size(1), x.size(2), x.size(3)).squeeze(0);
      int[] timesteps = timesteps(random, batch);
      Tensor text = new ClipTextEncoder(textConfig, cast.at("text_encoder")).forward(examples.tokens(), 0).tokens();
      UNet2DConditionModel unet = new UNet2DConditionModel(unetConfig, cast.at("unet"));
      Tensor noised = objective.noised(x, noise, timesteps).to(ScalarType.BFloat16);
      Tensor answer = unet.forward(noised, torch.tensor(timesteps), UNetConditioning.text(text));
      Tensor loss = objective.loss(answer, objective.target(x, noise, timesteps), timesteps, examples.focus());
      loss.backward();
      return loss.item_float();
    }
  }

  /** One from each of {@code count} equal stretches: every level of noise in every step, so that steps differ less. */
  private int[] timesteps(Random random, int count) {
    double stretch = objective.schedule().length() / (double) count;
    return IntStream.range(0, count).map(i -> (int) ((i + random.nextDouble()) * stretch)).toArray();
  }
}
