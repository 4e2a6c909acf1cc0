package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Progress.Work.Kind;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.lora.internal.training.TrainableFullWeights;
import dev.likeness.lora.internal.training.TrainingLoop;
import dev.likeness.lora.internal.training.TrainingMemoryEstimator;
import dev.likeness.lora.internal.training.TrainingObjective;
import dev.likeness.lora.training.LearningRateScheduler;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.TrainingMemory;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Trains all weights of the denoising network on a person, in a copy of a base model (Ruiz et al.
 * 2022, arXiv:2208.12242). If {@link TrainingSettings#trainTextEncoder()} is true, the CLIP text
 * encoders are trained too. The training needs more memory than a LoRA, and its result is as large
 * as the model. The trained model can reach a higher likeness than a low-rank adapter.
 *
 * @param settings the settings of a LoRA training; those that describe the LoRA itself (rank,
 *     alpha, targets, algorithm, patterns of layer names, rank stabilisation) are ignored
 */
public record DreamBooth(TrainingSettings settings) {
  /**
   * {@return the settings of diffusers' example for {@code train_dreambooth.py}: 400 steps of one
   * image at a constant learning rate of 5e-6} In addition, the settings have 50 class images.
   */
  public static DreamBooth defaults() {
    return new DreamBooth(TrainingSettings.balanced()
        .rank(1)
        .alpha(1)
        .targets(LoraTargets.ATTENTION)
        .trainTextEncoder(false)
        .steps(400)
        .batchSize(1)
        .learningRate(5e-6)
        .warmupSteps(0)
        .minSnrGamma(0)
        .weightDecay(0.01)
        .maxGradNorm(1)
        .randomFlip(false)
        .priorPreservation(50, 1)
        .captions("photo of %s")
        .seed(0)
        .learningRateScheduler(LearningRateScheduler.CONSTANT));
  }

  /**
   * {@return the settings for a base} If the base folder's {@code likeness.json} has a learning
   * rate for DreamBooth, {@link TrainingSettings#forBase} adapts {@link TrainingSettings#balanced}
   * to the base, and this rate is used. Otherwise, the method returns the {@link #defaults}.
   *
   * @param base the base model
   */
  public static DreamBooth forBase(BaseModel base) {
    OptionalDouble rate = EngineAccess.extras(base)
        .training()
        .map(ModelExtras.Training::dreamBoothLearningRate)
        .orElse(OptionalDouble.empty());
    return rate.isEmpty()
        ? defaults()
        : new DreamBooth(
            TrainingSettings.balanced().forBase(base).learningRate(rate.getAsDouble()));
  }

  /**
   * Returns a copy of this training with the given settings. For example,
   * {@code d.withSettings(d.settings().steps(800))} changes only the number of steps of {@code d}.
   *
   * @param others the settings of the returned training
   * @return the training
   */
  public DreamBooth withSettings(TrainingSettings others) {
    return new DreamBooth(others);
  }

  /**
   * {@return a trained copy of the base; the caller closes it} The method reports no progress. It
   * throws the exceptions of {@link #train(BaseModel, TrainingSet, Run)}.
   *
   * @param base the base model
   * @param set the training images and the person in them
   */
  public TrainedModel train(BaseModel base, TrainingSet set) {
    return train(base, set, Run.silent());
  }

  /**
   * Trains a copy of the base. The base itself does not change. If the set has a training adapter
   * (a LoRA that is added in training steps only), the result does not contain this adapter.
   *
   * @param base the base model
   * @param set the training images and the person in them
   * @param run receives progress, and stops the work if it is cancelled
   * @return the trained model; the caller closes it
   * @throws IllegalArgumentException if the settings have a placeholder token, which can be trained
   *     only with a LoRA; if the settings have stochastic rounding and the base does not compute in
   *     bf16; if other settings do not fit the base or the images; if a side of an image is not a
   *     multiple of the base's VAE scale factor (8); or if the base is distilled and the set has no
   *     training adapter
   * @throws dev.likeness.diffusion.error.InvalidInputException if the loss becomes NaN or infinite,
   *     the set's state file belongs to another training, or the training adapter does not fit the
   *     base
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the device has too little memory
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public TrainedModel train(BaseModel base, TrainingSet set, Run run) {
    if (settings.pivotalTuning().vectors() > 0) {
      throw new IllegalArgumentException(
          "DreamBooth cannot train a placeholder token; remove pivotal tuning, or"
              + " train a LoRA");
    }
    int images = set.examples().size();
    return EngineAccess.engine(base).use().report(Kind.TRAINING, images, run, observed -> {
      try (Lora added = set.trainingAdapter()
              .map(file -> Lora.open(file, base, Run.of(run.cancellation())))
              .orElse(null);
          TrainableFullWeights weights = new TrainableFullWeights(
              EngineAccess.model(base),
              settings.trainTextEncoder(),
              weightType(base.compute()),
              added == null ? null : ModelAdapter.of(added.at(1)));
          TrainingLoop loop = new TrainingLoop(settings, base, set, weights, observed.progress())) {
        Function<String, Tensor> trained = loop.train(run.cancellation());
        Map<String, String> metadata = LoraPerson.metadata(
            set.personToken(),
            base.name(),
            TrainingObjective.effectiveSettings(settings, EngineAccess.model(base))
                .toString(),
            Map.of("format", "pt"));
        return new TrainedModel(trainedWeights(weights, trained), set.personToken(), metadata);
      }
    });
  }

  /**
   * Estimates the memory of the training for images of the base's default size, without validation.
   *
   * @param base the base model
   * @return the estimate
   */
  public TrainingMemory estimateMemory(BaseModel base) {
    return estimateMemory(base, base.defaults().width(), base.defaults().height());
  }

  /**
   * Estimates the memory of the training for images of a given size, without validation.
   *
   * @param base the base model
   * @param width image width in pixels
   * @param height image height in pixels
   * @return the estimate
   */
  public TrainingMemory estimateMemory(BaseModel base, int width, int height) {
    return estimateMemory(base, width, height, false);
  }

  /**
   * Estimates the memory of the training for an image size, with or without validation.
   *
   * @param base the base model
   * @param width image width in pixels
   * @param height image height in pixels
   * @param withValidation true if {@link dev.likeness.lora.training.ValidationOptions validation
   *     images} are generated
   * @return the estimate
   */
  public TrainingMemory estimateMemory(
      BaseModel base, int width, int height, boolean withValidation) {
    return TrainingMemoryEstimator.estimate(settings, base, width, height, true, withValidation);
  }

  private ScalarType weightType(Compute compute) {
    if (!settings.stochasticRounding()) {
      return ScalarType.Float;
    }
    if (compute.dtype() != DType.BF16) {
      throw new IllegalArgumentException(
          "stochastic rounding needs a base that computes in bf16, not " + compute.dtype()
              + "; open the base in bf16, or turn off stochastic rounding");
    }
    return ScalarType.BFloat16;
  }

  private static TrainedModel.Weights trainedWeights(
      TrainableFullWeights weights, Function<String, Tensor> trained) {
    TensorRegion region = new TensorRegion();
    Map<String, Tensor> values = new LinkedHashMap<>();
    try (TensorScope scope = TensorScope.open()) {
      weights
          .weights()
          .leaves()
          .keySet()
          .forEach(
              name -> values.put(name, region.keep(trained.apply(name).detach().cpu())));
      weights
          .fixed()
          .forEach((name, tensor) -> values.put(name, region.keep(tensor.cpu().clone())));
    } catch (RuntimeException e) {
      region.close();
      throw e;
    }
    return new TrainedModel.Weights(values, region);
  }
}
