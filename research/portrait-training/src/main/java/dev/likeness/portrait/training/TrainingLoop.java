package dev.likeness.portrait.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.RenamedSource;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.training.Ema;
import dev.likeness.diffusion.internal.training.GradientClipping;
import dev.likeness.diffusion.internal.training.LearningRateSchedule;
import dev.likeness.diffusion.internal.training.Optimizer;
import dev.likeness.diffusion.internal.training.TrainableWeights;
import dev.likeness.diffusion.internal.training.TrainingStateFile;
import dev.likeness.diffusion.internal.training.WeightInitializer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A stage's steps, from nothing or from where it was stopped: its optimiser along half a cosine,
 * and a slow average, which is the result. Runs are equal to the bit, stopped on the way or not.
 *
 * @param name what progress lines call it
 * @param steps optimiser steps in all
 * @param numbers what the optimiser goes by
 * @param seed of the first weights
 * @param random the first weights that noise makes
 * @param start shown the weights before the first step, to put others in their place
 * @param made what states say of how they came to be
 */
record TrainingLoop(
    String name,
    int steps,
    Hyperparameters numbers,
    long seed,
    Function<NoiseSource, WeightInitializer> random,
    Consumer<TrainableWeights> start,
    Map<String, String> made) {
  /** Steps between saves. */
  static final int SAVE_EVERY = 100;

  /** A stage whose states say nothing of themselves. */
  TrainingLoop(
      String name,
      int steps,
      Hyperparameters numbers,
      long seed,
      Function<NoiseSource, WeightInitializer> random,
      Consumer<TrainableWeights> start) {
    this(name, steps, numbers, seed, random, start, Map.of());
  }

  /** A stage from random weights, of which those that {@code silent} names begin at zero. */
  TrainingLoop(
      String name, int steps, Hyperparameters numbers, long seed, Predicate<String> silent) {
    this(
        name,
        steps,
        numbers,
        seed,
        noise -> WeightInitializer.seeded(noise, silent),
        weights -> {});
  }

  /**
   * A stage that begins with the weights in {@code start}, {@code opened} so, which has all that
   * the network asks for.
   */
  static TrainingLoop from(
      Path start,
      Function<Path, TensorSource> opened,
      String name,
      int steps,
      Hyperparameters numbers,
      long seed) {
    WeightInitializer none = (weight, shape) -> {
      throw new InvalidInputException(start + " lacks " + weight + "; give weights of this shape");
    };
    return new TrainingLoop(name, steps, numbers, seed, noise -> none, weights -> {
      try (TensorSource saved = opened.apply(start)) {
        weights.load(saved);
      }
    });
  }

  /** The same, whose states say this. */
  TrainingLoop telling(Map<String, String> told) {
    return new TrainingLoop(name, steps, numbers, seed, random, start, told);
  }

  /** The slow average of the weights in a {@code state}, under their own names. */
  static TensorSource average(Path state) {
    return RenamedSource.of(
        Safetensors.open(state), name -> name.startsWith("ema.") ? name.substring(4) : null);
  }

  /** Computes the gradients of one step, which begin at nothing, and tells its loss. */
  @FunctionalInterface
  interface Step {
    double loss(TrainableWeights weights, long number);
  }

  /** Sees the weights when they have been saved, after so many steps. */
  @FunctionalInterface
  interface Saved {
    void at(TrainableWeights weights, long step);
  }

  /**
   * Trains, going on from {@code state} where it is there; it is saved as it goes, beside a
   * {@link LossCurve}, and {@code saved} shown the weights.
   */
  void run(Path state, Step step, Saved saved) {
    runTo(state, steps, step, saved);
  }

  /** As {@link #run}, but stops after step {@code last}. */
  void runTo(Path file, int last, Step step, Saved saved) {
    LearningRateSchedule course =
        LearningRateSchedule.cosine(numbers.rate(), steps).warmup(numbers.warmup());
    try (NoiseSource first = NoiseSource.seeded(seed);
        Optimizer optimizer = numbers.optimizer().get();
        TrainableWeights weights =
            new TrainableWeights(random.apply(first), TrainingDevice.COMPUTE.device());
        Ema ema = new Ema(numbers.ema())) {
      TrainingStateFile state = new TrainingStateFile(weights, optimizer, ema);
      if (Files.exists(file)) {
        state.load(file);
      } else {
        start.accept(weights);
      }
      LossCurve curve = LossCurve.beside(file, steps, optimizer.steps());
      double average = Double.NaN;
      while (optimizer.steps() < last) {
        long number = optimizer.steps();
        double loss = step.loss(weights, number);
        String advice =
            file + " is as it was saved last, go on from it with a lower rate or in f32";
        GradientClipping.FiniteNumbers.require(name + ": the loss", loss, number, advice);
        if (numbers.longestGradient() > 0) {
          GradientClipping.FiniteNumbers.require(
              name + ": the gradients' length",
              GradientClipping.clip(weights.leaves().values(), numbers.longestGradient()),
              number,
              advice);
        }
        optimizer.step(weights.leaves(), course.at(number));
        ema.update(weights.leaves(), number + 1);
        curve.add(number + 1, loss);
        average = Double.isNaN(average) ? loss : 0.95 * average + 0.05 * loss;
        if ((number + 1) % 20 == 0) {
          System.err.printf(
              Locale.ROOT, "%s step %d/%d loss %.4f%n", name, number + 1, steps, average);
        }
        if ((number + 1) % SAVE_EVERY == 0 || number + 1 == last) {
          state.save(file, made);
          curve.write();
          saved.at(weights, number + 1);
        }
      }
    }
  }
}
