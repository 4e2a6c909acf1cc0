package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.lora.internal.training.TrainableAdapter;
import dev.likeness.lora.internal.training.TrainingLoop;
import dev.likeness.lora.internal.training.TrainingMemoryEstimator;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.OptimizerOptions;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingMemory;
import dev.likeness.lora.training.TrainingPreset;
import dev.likeness.lora.training.TrainingSet;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Trains a LoRA of a person for a base model: low-rank deltas of some layers, in one small file.
 *
 * @param settings every number of the training
 */
public record LoraTrainer(LoraTraining settings) {
  /** What is given up, one after the other, where memory is short: time first. */
  private static final List<UnaryOperator<LoraTraining>> SAVINGS = List.of(
      settings ->
          settings.optimizerOptions(settings.optimizerOptions().gradientCheckpointing(true)),
      settings -> settings.batchSize() == 1
          ? settings
          : settings
              .batchSize(1)
              .optimizerOptions(settings
                  .optimizerOptions()
                  .gradientAccumulationSteps(settings.batchSize()
                      * settings.optimizerOptions().gradientAccumulationSteps())),
      // Others keep no more, or take another rate.
      settings -> settings.optimizerOptions().optimizer()
              != OptimizerOptions.TrainingOptimizer.ADAMW
          ? settings
          : settings.optimizerOptions(
              settings.optimizerOptions().optimizer(OptimizerOptions.TrainingOptimizer.ADAMW_8BIT)),
      settings -> settings.rank(Math.max(1, settings.rank() / 4)));

  /**
   * For so many photos on a base, in so much memory: the settings of
   * {@link TrainingPreset#of(BaseModel, int)}, {@linkplain #fitting made to fit}.
   *
   * @param bytes that the process may take
   * @throws ResourceLimitException naming what the least needs, where that is not enough
   */
  public static LoraTrainer of(TrainingPreset preset, BaseModel base, int photos, long bytes) {
    return new LoraTrainer(preset.of(base, photos)).fitting(base, false, bytes);
  }

  /**
   * The same where its settings fit into so much memory; else activations are computed twice,
   * images trained one by one, AdamW's moments kept in bytes, and the rank lowered, until they do.
   * Class images and the rank count.
   *
   * @param watched whether {@link dev.likeness.lora.training.ValidationOptions} are generated on
   *     the way
   * @param bytes that the process may take
   * @throws ResourceLimitException naming what the least needs, where that is not enough
   */
  public LoraTrainer fitting(BaseModel base, boolean watched, long bytes) {
    LoraTrainer fitting = this;
    for (UnaryOperator<LoraTraining> saving : SAVINGS) {
      if (fitting.ownSize(base, watched).bytes() <= bytes) {
        return fitting;
      }
      fitting = new LoraTrainer(saving.apply(fitting.settings));
    }
    TrainingMemory least = fitting.ownSize(base, watched);
    if (least.bytes() > bytes) {
      throw new ResourceLimitException("learning a person on " + base.name() + " takes at least "
          + least + ", of which " + (bytes >> 20) + " MiB are allowed; take a smaller base");
    }
    return fitting;
  }

  /**
   * Trains the person in {@code images} on {@code base}, which itself stays as it is. Computes in
   * the base's own type, with the person's factors in f32.
   *
   * @param images crops of one size whose sides are multiples of the base's latent factor (8)
   * @return the person; the caller closes it
   * @throws dev.likeness.diffusion.error.CancelledException within a step of {@code cancellation}
   */
  public TrainedPerson train(
      BaseModel base,
      List<RgbImage> images,
      PersonToken subject,
      Progress progress,
      Cancellation cancellation) {
    return train(base, images, subject, null, progress, cancellation);
  }

  /**
   * As above, keeping its state in a file: a run that was stopped, or killed, goes on from there
   * and ends with the same weights to the bit, on a CPU.
   *
   * @param state where the state is, and is kept every 25 steps, or less often where that took more
   *     than a hundredth of the time; null to keep none
   * @throws dev.likeness.diffusion.error.InvalidInputException when the state is of another
   *     training
   */
  public TrainedPerson train(
      BaseModel base,
      List<RgbImage> images,
      PersonToken subject,
      Path state,
      Progress progress,
      Cancellation cancellation) {
    return train(base, TrainingSet.of(images, subject).stateFile(state), progress, cancellation);
  }

  /**
   * As above, with all that a set may say: a caption and a focus for each image, validation images
   * that are scored.
   */
  public TrainedPerson train(
      BaseModel base, TrainingSet set, Progress progress, Cancellation cancellation) {
    return progress.reportOutcome(() -> {
      try (TrainableAdapter factors = new TrainableAdapter(settings, set.personToken(), base);
          TrainingLoop run = new TrainingLoop(settings, base, set, factors, progress)) {
        return person(factors, run.train(cancellation), set.personToken(), base);
      }
    });
  }

  private TrainedPerson person(
      TrainableAdapter factors,
      Function<String, Tensor> values,
      PersonToken subject,
      BaseModel base) {
    TensorRegion region = new TensorRegion();
    try {
      return TrainedPerson.of(factors.snapshot(region, values), region, settings, subject, base);
    } catch (RuntimeException e) {
      region.close();
      throw e;
    }
  }

  /** What the training takes of memory on {@code base}, with images of the base's own size. */
  public TrainingMemory memory(BaseModel base) {
    return ownSize(base, false);
  }

  /** The same with images of another size in pixels. */
  public TrainingMemory memory(BaseModel base, int width, int height) {
    return memory(base, width, height, false);
  }

  /**
   * The same where {@code watched} by {@link dev.likeness.lora.training.ValidationOptions}, too.
   */
  public TrainingMemory memory(BaseModel base, int width, int height, boolean watched) {
    return TrainingMemoryEstimator.estimate(settings, base, width, height, false, watched);
  }

  private TrainingMemory ownSize(BaseModel base, boolean watched) {
    return memory(base, base.defaults().width(), base.defaults().height(), watched);
  }
}
