package dev.likeness.portrait.training;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Every number of a training run that its commit does not fix.
 *
 * @param seed of the people and of the autoencoder
 * @param autoencoderSteps its optimiser steps
 * @param pictures renders to learn from
 * @param steps its optimiser steps
 * @param batch pictures a step
 * @param shares of a batch that are learnt at once
 * @param rate its highest learning rate
 * @param draws seed of the first weights and of each step's renders, noise and strengths; {@code seed} where it is not
 *     given. A run that goes on from a model of the same renders takes another, so as not to see the same noise again
 * @param start the folder of a model of the same shape to go on from, or null to begin from nothing; not a number, and
 *     not told with them
 */
record Numbers(long seed, int autoencoderSteps, int pictures, int steps, int batch, int shares, double rate, long draws,
    Path start) {

  /** Reads {@code name=value} pairs; what is not said has its default. */
  static Numbers of(List<String> pairs) {
    Map<String, String> given = pairs.stream().map(p -> p.split("=", 2)).collect(Collectors.toMap(p -> p[0], p -> p[1]));
    String seed = take(given, "seed", "1");
    Numbers numbers = new Numbers(Long.parseLong(seed),
        Integer.parseInt(take(given, "autoencoderSteps", "4200")), Integer.parseInt(take(given, "pictures", "16000")),
        Integer.parseInt(take(given, "steps", "6000")), Integer.parseInt(take(given, "batch", "32")),
        Integer.parseInt(take(given, "shares", "2")), Double.parseDouble(take(given, "rate", "8e-4")),
        Long.parseLong(take(given, "draws", seed)), path(take(given, "start", "")));
    if (!given.isEmpty()) {
      throw new IllegalArgumentException("unknown numbers " + given.keySet() + "; known: seed, autoencoderSteps,"
          + " pictures, steps, batch, shares, rate, draws, start");
    }
    return numbers;
  }

  private static String take(Map<String, String> given, String name, String fallback) {
    String value = given.remove(name);
    return value == null ? fallback : value;
  }

  private static Path path(String given) {
    return given.isEmpty() ? null : Path.of(given);
  }

  DiffusionTraining.Recipe recipe() {
    return new DiffusionTraining.Recipe(steps, batch, shares, rate);
  }

  @Override
  public String toString() {
    return "seed=" + seed + " autoencoderSteps=" + autoencoderSteps + " pictures=" + pictures + " steps=" + steps
        + " batch=" + batch + " shares=" + shares + " rate=" + rate + " draws=" + draws;
  }
}
