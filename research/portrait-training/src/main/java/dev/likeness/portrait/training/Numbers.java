package dev.likeness.portrait.training;

import dev.likeness.portrait.people.Renderer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * Every number of a training run that its commit does not fix.
 *
 * @param seed of the people and of the autoencoder
 * @param autoencoderSteps its optimiser steps; with {@code start} 0 leaves that model's as it is
 * @param images renders to learn from
 * @param candidates of how many people and shots each render is the one of whose shot most is said
 *     that is fine or seldom ({@link HardWords}); 1 to take them as they come
 * @param readerSteps optimiser steps of the reader of latents; none with {@code reader}, unless
 *     they are given: then it learns on
 * @param steps optimiser steps of text tower and UNet; 0 to stop when there is a reader
 * @param batch images a step; with feedback as many drawings beside them
 * @param shares of a batch that are learnt at once
 * @param rate its highest learning rate
 * @param feedback what counts what the reader misses in the model's own drawings, 0.04 say; 0 to
 *     draw none
 * @param draws seed of the first weights, the reader's too, and of each step's renders, noise and
 *     strengths; {@code seed} where it is not given. A run that goes on from a model of the same
 *     renders takes another, so as not to see the same noise again
 * @param start the folder of a model of the same shape to go on from, or null to begin from
 *     nothing; not a number, and not told with them
 * @param eyes a classifier of {@link TrainAttributes}, not the one that evaluates, by whose eyes
 *     the autoencoder of {@code start} learns on, or null for that model's captioner; not told
 *     either
 * @param readers states of readers that other runs trained on latents of the same autoencoder,
 *     comma-separated, of which the one counts that holds a word for less likely; none to begin
 *     one; not told either
 */
record Numbers(
    long seed,
    int autoencoderSteps,
    int images,
    int candidates,
    int readerSteps,
    int steps,
    int batch,
    int shares,
    double rate,
    double feedback,
    long draws,
    Path start,
    Path eyes,
    List<Path> readers) {
  static final List<String> NAMES = List.of(
      "seed",
      "autoencoderSteps",
      "pictures",
      "candidates",
      "readerSteps",
      "steps",
      "batch",
      "shares",
      "rate",
      "feedback",
      "draws",
      "start",
      "eyes",
      "reader");

  /**
   * The first person of {@link FaceStore}'s, which are the first that something else than drawing
   * learns from.
   */
  private static final long RESERVED = FaceStore.FIRST_PERSON;

  Numbers {
    if (!(feedback >= 0 && feedback < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("feedback=" + feedback + "; give 0 or more, 0 for none");
    }
    if (images < 1 || candidates < 1 || seed < 0 || seed + (long) images * candidates > RESERVED) {
      throw new IllegalArgumentException("seed=" + seed + " images=" + images + " candidates="
          + candidates + "; give an image or more of" + " people below " + RESERVED
          + ": those from there on are whom embedders, readers and classifiers know, or nobody");
    }
    if (readerSteps > 0 && readers.size() > 1) {
      throw new IllegalArgumentException(readers.size()
          + " readers given; one learns on for readerSteps, so give one, or no readerSteps");
    }
  }

  /** Reads {@code name=value} pairs; what is not said has its default. */
  static Numbers of(List<String> pairs) {
    Named given = Named.of(pairs, NAMES);
    Path start = given.file("start").orElse(null);
    List<Path> readers = Arrays.stream(given.text("reader", "").split(","))
        .filter(file -> !file.isBlank())
        .map(Path::of)
        .toList();
    return new Numbers(
        given.seed("seed", "1"),
        given.number("autoencoderSteps", start == null ? 4200 : 0),
        given.number("pictures", 16000),
        given.number("candidates", 1),
        given.number("readerSteps", readers.isEmpty() ? 2500 : 0),
        given.number("steps", 6000),
        given.number("batch", 32),
        given.number("shares", 2),
        given.real("rate", 8e-4),
        given.real("feedback", 0),
        given.seed("draws", given.text("seed", "1")),
        start,
        given.file("eyes").orElse(null),
        readers);
  }

  DiffusionTraining.Recipe recipe() {
    return new DiffusionTraining.Recipe(steps, batch, shares, rate);
  }

  @Override
  public String toString() {
    return "seed=" + seed + " edition=" + Renderer.EDITION
        + (autoencoderSteps > 0 ? " autoencoderSteps=" + autoencoderSteps : "") + " images="
        + images
        + (candidates > 1 ? " candidates=" + candidates : "")
        + (readerSteps > 0 ? " readerSteps=" + readerSteps : "") + " steps=" + steps
        + " batch=" + batch + " shares=" + shares + " rate=" + rate
        + (feedback == 0 ? "" : " feedback=" + feedback)
        + " draws=" + draws;
  }
}
