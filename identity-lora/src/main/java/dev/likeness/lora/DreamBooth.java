package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.lora.internal.training.TrainableFullWeights;
import dev.likeness.lora.internal.training.TrainingLoop;
import dev.likeness.lora.internal.training.TrainingMemoryEstimator;
import dev.likeness.lora.internal.training.TrainingObjective;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.OptimizerOptions;
import dev.likeness.lora.training.TrainingMemory;
import dev.likeness.lora.training.TrainingSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Trains a copy of a base model on a person with all of its weights (Ruiz et al. 2022,
 * arXiv:2208.12242). This needs more memory than a LoRA and a file as large as the model, for a
 * likeness that a low rank does not always reach. The result is a model of its own.
 *
 * @param settings as for a LoRA; rank, alpha, targets and form are ignored
 */
public record DreamBooth(LoraTraining settings) {
  /**
   * As diffusers' script: 400 steps of one image at 5e-6, class images kept as they are, weights'
   * moments in f32.
   */
  public static DreamBooth defaults() {
    return new DreamBooth(new LoraTraining(
        1,
        1,
        LoraTargets.ATTENTION,
        false,
        400,
        1,
        5e-6,
        0,
        0,
        0.01,
        1,
        false,
        50,
        1,
        List.of("photo of %s"),
        0,
        OptimizerOptions.DEFAULT.constantLearningRate(true)));
  }

  /**
   * As {@code base} wants it: by the learning rate that its folder declares ({@code likeness.json})
   * and the recipe beside it, or {@link #defaults} where it declares none.
   */
  public static DreamBooth forBase(BaseModel base) {
    OptionalDouble rate = base.unwrap(ModelExtras.class)
        .training()
        .map(ModelExtras.Training::dreamBoothLearningRate)
        .orElse(OptionalDouble.empty());
    return rate.isEmpty()
        ? defaults()
        : new DreamBooth(LoraTraining.balanced().forBase(base).learningRate(rate.getAsDouble()));
  }

  /**
   * The same with other settings, e.g.
   * {@code withSettings(d.settings().steps(800).textEncoder(true))}.
   */
  public DreamBooth withSettings(LoraTraining others) {
    return new DreamBooth(others);
  }

  /**
   * Trains; {@code base} itself stays as it is.
   *
   * @throws IllegalArgumentException when a new word is asked for, which only a LoRA learns
   * @throws dev.likeness.diffusion.error.InvalidInputException when the loss is no longer a number,
   *     or the state is another's
   * @throws dev.likeness.diffusion.error.CancelledException within a step of {@code cancellation}
   */
  public TrainedModel train(
      BaseModel base, TrainingSet set, Progress progress, Cancellation cancellation) {
    if (settings.optimizerOptions().pivotalTuning().vectors() > 0) {
      throw new IllegalArgumentException(
          "a model that is taught with all its weights learns no new word; leave the pivot away, or"
              + " teach a LoRA");
    }
    return progress.reportOutcome(() -> {
      try (TrainableFullWeights weights = new TrainableFullWeights(
              base.unwrap(OpenModel.class),
              settings.trainTextEncoder(),
              weightType(base.compute()));
          TrainingLoop run = new TrainingLoop(settings, base, set, weights, progress)) {
        Function<String, Tensor> trained = run.train(cancellation);
        Map<String, String> header = TrainedPerson.header(
            set.personToken(),
            base.name(),
            TrainingObjective.effectiveSettings(settings, base.unwrap(OpenModel.class))
                .toString(),
            Map.of("format", "pt"));
        return new TrainedModel(trainedWeights(weights, trained), set.personToken(), header);
      }
    });
  }

  /** What it takes of memory on {@code base}, with images of its own size. */
  public TrainingMemory estimateMemory(BaseModel base) {
    return estimateMemory(base, base.defaults().width(), base.defaults().height());
  }

  /** The same with images of another size. */
  public TrainingMemory estimateMemory(BaseModel base, int width, int height) {
    return estimateMemory(base, width, height, false);
  }

  /**
   * The same where {@code watched} by {@link dev.likeness.lora.training.ValidationOptions}, too.
   */
  public TrainingMemory estimateMemory(BaseModel base, int width, int height, boolean watched) {
    return TrainingMemoryEstimator.estimate(settings, base, width, height, true, watched);
  }

  private ScalarType weightType(Compute compute) {
    if (!settings.optimizerOptions().stochasticRounding()) {
      return ScalarType.Float;
    }
    if (compute.dtype() != DType.BF16) {
      throw new IllegalArgumentException(
          "weights in bf16 alone need a base that computes in bf16, not " + compute.dtype()
              + "; open it so, or train without rounding");
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
