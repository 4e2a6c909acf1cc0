package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.ValidationOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** Generates and scores validation images, and keeps the best weights. */
final class Validation implements TrainingCheckpoint.Stateful, AutoCloseable {
  private static final String BEST_PREFIX = "best.";
  private static final String LAST_STEP_KEY = "likeness.last_validation";
  /**
   * The share of the best score by which validations of the same weights may differ. Smaller losses
   * of likeness count as noise.
   */
  private static final double MARGIN = 0.03;

  private static final String SCORE_KEY = "likeness.best_score";
  private static final String LOSSES_KEY = "likeness.losses_between_validations";
  private static final String PATIENCE_KEY = "likeness.validations_without_improvement";
  // Keys that earlier versions wrote; they are only read.
  private static final String OLD_TAKEN = "likeness.last_look";
  private static final String OLD_LOSSES = "likeness.losses_between_looks";
  private static final String OLD_WITHOUT = "likeness.looks_without_better";

  private final ValidationOptions options;
  private final BaseModel base;
  private final PersonToken personToken;
  private final Progress progress;
  private TensorRegion region = new TensorRegion();
  private Map<String, Tensor> best;
  private double bestScore = Double.NEGATIVE_INFINITY;
  private int withoutImprovement;
  private int lastStep;
  private double lossSum;
  private long lossCount;
  private double previousLoss = Double.NaN;
  private boolean hasWarned;

  Validation(
      ValidationOptions options, BaseModel base, PersonToken personToken, Progress progress) {
    this.options = options;
    this.base = base;
    this.personToken = personToken;
    this.progress = progress;
  }

  /** Records the loss of a step. */
  void addLoss(double loss) {
    lossSum += loss;
    lossCount++;
  }

  /** Validates if it is due and was not done for this step. */
  void validate(
      int steps, TrainableNetworks networks, Function<String, Tensor> values, Cancellation stop) {
    if (steps % options.interval() != 0 || steps <= lastStep) {
      return;
    }
    List<RgbImage> images = new CurrentImages(base, personToken, options.request())
        .generate(null, networks, values, stop);
    lastStep = steps;
    double score = options.scorer().score(images);
    progress.onEvent(new ProgressEvent.Preview(steps, images, score));
    double loss = lossSum / lossCount;
    warnOfOverfitting(score, loss);
    previousLoss = loss;
    lossSum = 0;
    lossCount = 0;
    if (score > bestScore) {
      bestScore = score;
      withoutImprovement = 0;
      keepBest(networks, values);
      return;
    }
    withoutImprovement++;
    if (shouldStop()) {
      progress.onEvent(new ProgressEvent.Notice("no better likeness in the last "
          + withoutImprovement + " validations; the weights of the best validation are kept"));
    }
  }

  /** Warns once if the likeness to held-out photos falls while the training loss falls. */
  private void warnOfOverfitting(double score, double loss) {
    if (!hasWarned && loss < previousLoss && score < bestScore - MARGIN * Math.abs(bestScore)) {
      hasWarned = true;
      progress.onEvent(new ProgressEvent.Notice(String.format(
          Locale.ROOT,
          "likeness fell from %.3f to %.3f while the loss fell"
              + " from %.4f to %.4f: the training overfits; the weights of the best validation are kept",
          bestScore,
          score,
          previousLoss,
          loss)));
    }
  }

  private void keepBest(TrainableNetworks networks, Function<String, Tensor> values) {
    Map<String, Tensor> copies = new LinkedHashMap<>();
    region.close();
    region = new TensorRegion();
    try (TensorScope scope = TensorScope.open()) {
      networks
          .weights()
          .leaves()
          .keySet()
          .forEach(
              name -> copies.put(name, region.keep(values.apply(name).detach().clone())));
    }
    best = copies;
  }

  @Override
  public Map<String, String> metadata() {
    return Map.of(
        SCORE_KEY,
        Double.toString(bestScore),
        PATIENCE_KEY,
        Integer.toString(withoutImprovement),
        LAST_STEP_KEY,
        Integer.toString(lastStep),
        LOSSES_KEY,
        previousLoss + " " + lossSum + " " + lossCount + " " + hasWarned);
  }

  @Override
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> named = new LinkedHashMap<>();
    best().orElse(Map.of()).forEach((name, value) -> named.put(BEST_PREFIX + name, value));
    return named;
  }

  @Override
  public void resume(Map<String, String> metadata) {
    bestScore = Double.parseDouble(metadata.get(SCORE_KEY));
    withoutImprovement =
        Integer.parseInt(metadata.getOrDefault(PATIENCE_KEY, metadata.get(OLD_WITHOUT)));
    lastStep = Integer.parseInt(metadata.getOrDefault(LAST_STEP_KEY, metadata.get(OLD_TAKEN)));
    String losses = metadata.getOrDefault(LOSSES_KEY, metadata.get(OLD_LOSSES));
    String[] parts = (losses == null ? "NaN 0 0 false" : losses).split(" ");
    previousLoss = Double.parseDouble(parts[0]);
    lossSum = Double.parseDouble(parts[1]);
    lossCount = Long.parseLong(parts[2]);
    hasWarned = Boolean.parseBoolean(parts[3]);
  }

  @Override
  public void resume(String name, Tensor value) {
    if (name.startsWith(BEST_PREFIX)) {
      best = best == null ? new LinkedHashMap<>() : best;
      best.put(name.substring(BEST_PREFIX.length()), region.keep(value.clone()));
    }
  }

  /** Returns true if the last {@code patience} validations were no better. */
  boolean shouldStop() {
    return options.patience() > 0 && withoutImprovement >= options.patience();
  }

  /** Returns the weights that generated the best images so far. */
  Optional<Map<String, Tensor>> best() {
    return Optional.ofNullable(best);
  }

  @Override
  public void close() {
    region.close();
  }
}
