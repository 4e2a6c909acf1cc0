package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.ImageRequest;
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

/** The looks that a training takes at what it has learned so far, and the best of them. */
final class Validation implements TrainingCheckpoint.Stateful, AutoCloseable {
  private static final String BEST = "best.";
  private static final String TAKEN = "likeness.last_validation";
  /** Of the best score: two looks at the same weights differ by less. */
  private static final double MARGIN = 0.03;

  private static final String SCORE = "likeness.best_score";
  private static final String LOSSES = "likeness.losses_between_validations";
  private static final String WITHOUT = "likeness.validations_without_improvement";
  // Keys that earlier versions wrote; they are only read.
  private static final String OLD_TAKEN = "likeness.last_look";
  private static final String OLD_LOSSES = "likeness.losses_between_looks";
  private static final String OLD_WITHOUT = "likeness.looks_without_better";

  private final ValidationOptions previews;
  private final BaseModel base;
  private final PersonToken subject;
  private final Progress progress;
  private TensorRegion region = new TensorRegion();
  private Map<String, Tensor> best;
  private double bestScore = Double.NEGATIVE_INFINITY;
  private int without;
  private int taken;
  private double lossSum;
  private long lossCount;
  private double lossBefore = Double.NaN;
  private boolean warned;

  Validation(ValidationOptions previews, BaseModel base, PersonToken subject, Progress progress) {
    this.previews = previews;
    this.base = base;
    this.subject = subject;
    this.progress = progress;
  }

  /** Takes in the loss of a step. */
  void trained(double loss) {
    lossSum += loss;
    lossCount++;
  }

  /** Looks, when it is time and was not done before. */
  void validate(
      int steps, TrainableNetworks learner, Function<String, Tensor> values, Cancellation stop) {
    if (steps % previews.every() != 0 || steps <= taken) {
      return;
    }
    List<RgbImage> images = generate(learner, values, stop);
    taken = steps;
    double score = previews.scorer().score(images);
    progress.onEvent(new ProgressEvent.Preview(steps, images, score));
    double loss = lossSum / lossCount;
    warn(score, loss);
    lossBefore = loss;
    lossSum = 0;
    lossCount = 0;
    if (score > bestScore) {
      bestScore = score;
      without = 0;
      keep(learner, values);
      return;
    }
    without++;
    if (areOver()) {
      progress.onEvent(new ProgressEvent.Notice("no better likeness in the last " + without
          + " looks; the weights of the best are kept"));
    }
  }

  /**
   * Says once when images become less alike to what is held out while those that are learned are
   * known ever better.
   */
  private void warn(double score, double loss) {
    if (!warned && loss < lossBefore && score < bestScore - MARGIN * Math.abs(bestScore)) {
      warned = true;
      progress.onEvent(new ProgressEvent.Notice(String.format(
          Locale.ROOT,
          "likeness fell from %.3f to %.3f while the loss fell"
              + " from %.4f to %.4f: the photos are being learned by heart; the weights of the best look are kept",
          bestScore,
          score,
          lossBefore,
          loss)));
    }
  }

  private List<RgbImage> generate(
      TrainableNetworks learner, Function<String, Tensor> values, Cancellation stop) {
    ImageRequest request = previews.request();
    try (TensorRegion now = new TensorRegion()) {
      ImageRequest ask = request
          .prompt(request.prompt().replace("%s", subject.phrase()))
          .adapter(learner.adapterFor(values, now))
          .adapter(TrainableNetworks.AS_LOADED);
      return base.generate(ask, Progress.SILENT, stop).stream()
          .map(GeneratedImage::image)
          .toList();
    }
  }

  private void keep(TrainableNetworks learner, Function<String, Tensor> values) {
    Map<String, Tensor> copies = new LinkedHashMap<>();
    region.close();
    region = new TensorRegion();
    try (TensorScope scope = TensorScope.open()) {
      learner
          .weights()
          .leaves()
          .keySet()
          .forEach(
              name -> copies.put(name, region.keep(values.apply(name).detach().clone())));
    }
    best = copies;
  }

  @Override
  public Map<String, String> notes() {
    return Map.of(
        SCORE,
        Double.toString(bestScore),
        WITHOUT,
        Integer.toString(without),
        TAKEN,
        Integer.toString(taken),
        LOSSES,
        lossBefore + " " + lossSum + " " + lossCount + " " + warned);
  }

  @Override
  public Map<String, Tensor> tensors() {
    Map<String, Tensor> named = new LinkedHashMap<>();
    best().orElse(Map.of()).forEach((name, value) -> named.put(BEST + name, value));
    return named;
  }

  @Override
  public void resume(Map<String, String> notes) {
    bestScore = Double.parseDouble(notes.get(SCORE));
    without = Integer.parseInt(notes.getOrDefault(WITHOUT, notes.get(OLD_WITHOUT)));
    taken = Integer.parseInt(notes.getOrDefault(TAKEN, notes.get(OLD_TAKEN)));
    String losses = notes.getOrDefault(LOSSES, notes.get(OLD_LOSSES));
    String[] parts = (losses == null ? "NaN 0 0 false" : losses).split(" ");
    lossBefore = Double.parseDouble(parts[0]);
    lossSum = Double.parseDouble(parts[1]);
    lossCount = Long.parseLong(parts[2]);
    warned = Boolean.parseBoolean(parts[3]);
  }

  @Override
  public void resume(String name, Tensor value) {
    if (name.startsWith(BEST)) {
      best = best == null ? new LinkedHashMap<>() : best;
      best.put(name.substring(BEST.length()), region.keep(value.clone()));
    }
  }

  /** Whether as many looks as patience allows were no better. */
  boolean areOver() {
    return previews.patience() > 0 && without >= previews.patience();
  }

  /** The weights that drew the best images so far. */
  Optional<Map<String, Tensor>> best() {
    return Optional.ofNullable(best);
  }

  @Override
  public void close() {
    region.close();
  }
}
