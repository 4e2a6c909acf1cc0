package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.pipeline.Engine;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.TextEncoding.TruncatedPrompt;
import dev.likeness.diffusion.internal.training.Ema;
import dev.likeness.diffusion.internal.training.Optimizer;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;

/** The training loop, from images to trained weights. For one thread and one use. */
public final class TrainingLoop implements AutoCloseable {
  private final TrainingSettings settings;
  private final BaseModel base;
  private final TrainingSet set;
  private final TrainableNetworks networks;
  private final Progress progress;
  private final OpenModel model;
  private final TrainingTarget target;
  private final TensorRegion region = new TensorRegion();
  private final List<ImageBucket> buckets;
  private final TrainingObjective objective;
  private final Optimizer optimizer;
  private final Ema ema;
  private final Optional<Validation> validation;
  private final Optional<Preview> preview;
  private final StepClock clock = new StepClock();
  private final long startNanos = System.nanoTime();
  private long savingNanos;
  private long lastSaveNanos = startNanos;

  public TrainingLoop(
      TrainingSettings settings,
      BaseModel base,
      TrainingSet set,
      TrainableNetworks networks,
      Progress progress) {
    this.settings = settings;
    this.base = base;
    this.set = set;
    this.networks = networks;
    this.progress = progress;
    model = EngineAccess.model(base);
    target = TrainingTarget.of(model);
    if (settings.distillationGuidance() > 0
        && set.examples().stream()
            .anyMatch(image -> image.mask().isPresent() || image.focus().isPresent())) {
      throw new IllegalArgumentException(
          "few-step distillation trains all pixels equally; give images without mask and focus");
    }
    requireUndistilled();
    buckets = ImageBucket.of(set.examples(), target, region);
    objective = TrainingObjective.of(model, settings);
    optimizer = TrainingStep.optimizer(settings, networks.trainsAllWeights());
    ema = settings.emaDecay() == 0 ? null : new Ema(settings.emaDecay());
    validation = set.validation().map(p -> new Validation(p, base, set.personToken(), progress));
    preview = set.preview()
        .map(options -> new Preview(
            options.step(),
            new CurrentImages(base, set.personToken(), options.request()),
            progress));
  }

  /** Refuses a distilled base without a training adapter; warns if it is probably distilled. */
  private void requireUndistilled() {
    if (set.trainingAdapter().isPresent()) {
      return;
    }
    String advice = "train on the base that is not distilled and use the LoRA on this base, or give"
        + " a training adapter";
    switch (target.distillation()) {
      case NONE -> {}
      case LIKELY ->
        progress.onEvent(new ProgressEvent.Notice(base.name()
            + " has the scheduler of a distilled base; if it is distilled, training undoes the"
            + " distillation; " + advice));
      case CERTAIN ->
        throw new IllegalArgumentException(
            base.name() + " is distilled, and training would undo the distillation; " + advice);
    }
  }

  /**
   * Trains, and returns the resulting values by name: the last weights, their average, or those of
   * the best validation. They are valid as long as this and the calling scope are open.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if the weights are no longer
   *     numbers; an earlier state stays unchanged
   */
  public Function<String, Tensor> train(Cancellation stop) {
    Engine engine = EngineAccess.engine(base);
    // Text encoders that are trained stay loaded, whatever other trainings free.
    return trainsTextEncoder()
        ? engine.use().callWhileOpen(() -> train(engine, stop))
        : train(engine, stop);
  }

  private boolean trainsTextEncoder() {
    return Stream.of(ModelComponent.values())
        .anyMatch(component -> component != target.component() && networks.isTrained(component));
  }

  private Function<String, Tensor> train(Engine engine, Cancellation stop) {
    encodeImages(stop);
    CaptionEncodings.Captions captions = CaptionEncodings.Captions.of(settings, set);
    captions.texts().stream()
        .flatMap(caption -> target.clipTextEncoders().stream()
            .map(textEncoder -> textEncoder.truncated(caption, List.of())))
        .filter(cut -> !cut.text().isEmpty())
        .map(TruncatedPrompt::message)
        .distinct()
        .forEach(words -> progress.onEvent(new ProgressEvent.Notice(words)));
    TrainingStep trainingStep = engine.use().callWhileOpen(() -> createStep(captions.texts()));
    BatchSampler batches = new BatchSampler(settings, buckets, captions, objective);
    TrainingCheckpoint checkpoint = TrainingCheckpoint.of(settings, base, set);
    ClassImages ofClass = new ClassImages(base, settings, set, buckets);
    List<TrainingCheckpoint.Stateful> others = Stream.of(
            validation.stream(), preview.stream(), Stream.of(trainingStep, ofClass))
        .<TrainingCheckpoint.Stateful>flatMap(parts -> parts)
        .toList();
    checkpoint.resume(networks.weights(), optimizer, ema, others);
    Runnable saves = () -> {
      long now = System.nanoTime();
      if (checkpoint.isDue(
          (int) optimizer.steps(), savingNanos, now - startNanos, now - lastSaveNanos)) {
        save(checkpoint, trainingStep, others);
      }
    };
    try {
      ofClass.generate(new Run(progress, stop), saves);
      if (validation.isEmpty()
          && !trainsTextEncoder()
          && TrainingMemoryEstimator.freesTextEncoders(model)) {
        preview.ifPresent(own -> own.encodePrompts((int) optimizer.steps()));
        engine.freeTextEncoders();
      }
      Runnable shows = () -> {
        if (showPreviewIfDue(stop)) {
          // A resumed training must not generate the images again.
          save(checkpoint, trainingStep, others);
        }
      };
      progress.onEvent(new ProgressEvent.Phase("train", settings.steps()));
      validateIfDue(stop);
      shows.run();
      while (!isFinished()) {
        runStep(trainingStep, batches, stop);
        saves.run();
        validateIfDue(stop);
        shows.run();
      }
    } catch (CancelledException stopped) {
      CurrentWork.finish(() -> save(checkpoint, trainingStep, others));
      throw stopped;
    }
    Function<String, Tensor> kept = validation
        .flatMap(Validation::best)
        .<Function<String, Tensor>>map(best -> best::get)
        .orElseGet(this::currentWeights);
    CurrentWork.finish(() -> {
      try (TensorScope scope = TensorScope.open()) {
        trainingStep.requireNumbers(
            networks.weights().leaves().keySet().stream().map(kept).toList());
      }
    });
    return kept;
  }

  private TrainingStep createStep(List<String> captions) {
    CaptionEncodings texts = CaptionEncodings.encode(target, captions, networks, region);
    double guidance = settings.distillationGuidance();
    if (guidance == 0 && set.examples().stream().anyMatch(image -> image.mask().isPresent())) {
      TrainableNetworks usual = networks.untrained();
      CaptionEncodings usualTexts = CaptionEncodings.encode(target, captions, usual, region);
      return new TrainingStep(target, networks, optimizer, objective, texts, usual, usualTexts);
    }
    return guidance == 0
        ? new TrainingStep(target, networks, optimizer, objective, texts)
        : new ConsistencyDistillation(
            model, target, networks, optimizer, objective, texts, guidance, region);
  }

  /** Runs one step of the optimiser. It can be stopped and saved between two batches. */
  private void runStep(TrainingStep trainingStep, BatchSampler batches, Cancellation stop) {
    int step = (int) optimizer.steps();
    int batchesPerStep = settings.gradientAccumulationSteps();
    while (trainingStep.accumulated() < batchesPerStep) {
      stop.throwIfCancelled();
      batches.withBatch(
          step * batchesPerStep + trainingStep.accumulated(),
          batch -> trainingStep.backward(batch, settings));
    }
    // A saved state must not have a part of the weights of the next step.
    double loss = CurrentWork.finish(() -> update(trainingStep, step));
    validation.ifPresent(own -> own.addLoss(loss));
    progress.onEvent(new ProgressEvent.Step(
        "train",
        step + 1,
        settings.steps(),
        OptionalDouble.of(loss),
        clock.remainingSeconds(step + 1, settings.steps())));
  }

  /** Updates the weights and their average; returns the loss. */
  private double update(TrainingStep trainingStep, int step) {
    double loss =
        trainingStep.optimize(settings, TrainingStep.schedule(settings).at(step));
    if (ema != null) {
      try (TensorScope scope = TensorScope.open()) {
        Map<String, Tensor> weights = new LinkedHashMap<>(networks.weights().leaves());
        weights.replaceAll(optimizer::evaluated);
        ema.update(weights, step + 1);
      }
    }
    return loss;
  }

  private void validateIfDue(Cancellation stop) {
    validation.ifPresent(
        own -> own.validate((int) optimizer.steps(), networks, currentWeights(), stop));
  }

  private boolean showPreviewIfDue(Cancellation stop) {
    return preview.isPresent()
        && preview.get().generateIfDue((int) optimizer.steps(), networks, currentWeights(), stop);
  }

  /** Returns true if the last step or the last validation ends the training. */
  private boolean isFinished() {
    return optimizer.steps() >= settings.steps()
        || validation.isPresent() && validation.get().shouldStop();
  }

  private Function<String, Tensor> currentWeights() {
    return ema == null
        ? name -> optimizer.evaluated(name, networks.weights().leaves().get(name))
        : ema.average()::get;
  }

  private void save(
      TrainingCheckpoint checkpoint,
      TrainingStep trainingStep,
      List<TrainingCheckpoint.Stateful> others) {
    if (checkpoint.file() == null) {
      return;
    }
    trainingStep.requireNumbers(networks.weights().leaves().values());
    long now = System.nanoTime();
    try {
      checkpoint.save(networks.weights(), optimizer, ema, others);
    } catch (ResourceLimitException full) {
      progress.onEvent(new ProgressEvent.Notice("step " + optimizer.steps()
          + " cannot be saved, but the training continues: " + full.getMessage()));
    }
    lastSaveNanos = System.nanoTime();
    savingNanos += lastSaveNanos - now;
  }

  private void encodeImages(Cancellation stop) {
    int images = set.examples().size();
    int done = 0;
    progress.onEvent(new ProgressEvent.Phase("encode", images));
    LatentDiskCache files = new LatentDiskCache(
        set.latentFolder().orElse(null),
        model.autoencoder(),
        latent -> Tensors.place(model.compute(), latent),
        progress);
    for (ImageBucket bucket : buckets) {
      for (int place : bucket.images()) {
        stop.throwIfCancelled();
        bucket
            .latents()
            .add(set.examples().get(place), files, model.autoencoder().vaeScaleFactor(), settings);
        progress.onEvent(new ProgressEvent.Step("encode", ++done, images));
      }
    }
  }

  @Override
  public void close() {
    optimizer.close();
    validation.ifPresent(Validation::close);
    preview.ifPresent(Preview::close);
    if (ema != null) {
      ema.close();
    }
    region.close();
  }

  /** Estimates the remaining time from the finished steps. For one thread. */
  static final class StepClock {
    private int first = -1;
    private long start;

    /**
     * Returns the remaining seconds after {@code step} of {@code steps}, by the speed since the
     * first step of this clock; empty at that step.
     */
    OptionalDouble remainingSeconds(int step, int steps) {
      if (first < 0) {
        first = step;
        start = System.nanoTime();
        return OptionalDouble.empty();
      }
      double perStep = (System.nanoTime() - start) / 1e9 / (step - first);
      return OptionalDouble.of(perStep * (steps - step));
    }
  }
}
