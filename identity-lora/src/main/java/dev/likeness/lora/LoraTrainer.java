package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.request.Progress.Work.Kind;
import dev.likeness.diffusion.request.Run;
import dev.likeness.lora.internal.training.TrainableAdapter;
import dev.likeness.lora.internal.training.TrainingLoop;
import dev.likeness.lora.internal.training.TrainingMemoryEstimator;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingMemory;
import dev.likeness.lora.training.TrainingOptimizer;
import dev.likeness.lora.training.TrainingPreset;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Trains a LoRA of a person for a base model. A LoRA is one small file with low-rank changes
 * (deltas) of some layers.
 *
 * @param settings the settings of the training
 */
public record LoraTrainer(TrainingSettings settings) {
  /** Reductions of the settings if memory is short, in this order: speed first, rank last. */
  private static final List<UnaryOperator<TrainingSettings>> SAVINGS = List.of(
      settings -> settings.gradientCheckpointing(true),
      settings -> settings.batchSize() == 1
          ? settings
          : settings
              .batchSize(1)
              .gradientAccumulationSteps(
                  settings.batchSize() * settings.gradientAccumulationSteps()),
      // The other optimisers need no more memory than this, or need another learning rate.
      settings -> settings.optimizer() != TrainingOptimizer.ADAMW
          ? settings
          : settings.optimizer(TrainingOptimizer.ADAMW_8BIT),
      settings -> settings.rank(Math.max(1, settings.rank() / 4)));

  /**
   * Returns a trainer for a number of photos and a memory limit. The trainer has the settings of
   * {@link TrainingPreset#of(BaseModel, int)}. The memory is estimated for images of the base's
   * default size, without validation. If these settings need too much memory, this method reduces
   * them, for example the batch size and the rank ({@link #fitting}).
   *
   * @param preset sets the number of training steps
   * @param base the base model
   * @param photos number of photos, from 1
   * @param bytes memory that the process may use, in bytes
   * @return a trainer whose estimated memory is within the limit
   * @throws ResourceLimitException if even the smallest settings need more memory; the message
   *     states the need
   */
  public static LoraTrainer of(TrainingPreset preset, BaseModel base, int photos, long bytes) {
    return new LoraTrainer(preset.of(base, photos)).fitting(base, false, bytes);
  }

  /**
   * Returns a trainer whose estimated memory, for images of the base's default size, is within a
   * limit. To reduce the memory, this method makes these changes in order until the limit is met:
   * gradient checkpointing, batch size 1, 8-bit AdamW instead of AdamW, a quarter of the rank.
   *
   * @param base the base model
   * @param withValidation true if {@link dev.likeness.lora.training.ValidationOptions validation
   *     images} are generated
   * @param bytes memory that the process may use, in bytes
   * @return this trainer if its estimate is within the limit, otherwise a trainer with reduced
   *     settings
   * @throws ResourceLimitException if even the smallest settings need more memory; the message
   *     states the need
   */
  public LoraTrainer fitting(BaseModel base, boolean withValidation, long bytes) {
    return fitting(base, base.defaults().width(), withValidation, bytes);
  }

  /**
   * Returns a trainer whose estimated memory, for images of a given size, is within a limit. To
   * reduce the memory, this method makes these changes in order until the limit is met: gradient
   * checkpointing, batch size 1, 8-bit AdamW instead of AdamW, a quarter of the rank.
   *
   * @param base the base model
   * @param side width and height of the training images in pixels
   * @param withValidation true if {@link dev.likeness.lora.training.ValidationOptions validation
   *     images} are generated
   * @param bytes memory that the process may use, in bytes
   * @return this trainer if its estimate is within the limit, otherwise a trainer with reduced
   *     settings
   * @throws ResourceLimitException if even the smallest settings need more memory; the message
   *     states the need
   */
  public LoraTrainer fitting(BaseModel base, int side, boolean withValidation, long bytes) {
    LoraTrainer fitting = this;
    for (UnaryOperator<TrainingSettings> saving : SAVINGS) {
      if (fitting.memory(base, side, side, withValidation).bytes() <= bytes) {
        return fitting;
      }
      fitting = new LoraTrainer(saving.apply(fitting.settings));
    }
    TrainingMemory least = fitting.memory(base, side, side, withValidation);
    if (least.bytes() > bytes) {
      throw new ResourceLimitException("training a person on " + base.name() + " takes at least "
          + least + "; only " + (bytes >> 20)
          + " MiB are allowed; use smaller images or a smaller base");
    }
    return fitting;
  }

  /**
   * {@return the person with a LoRA that was trained on the images; the caller closes the person}
   * The method reports no progress. It throws the exceptions of {@link #train(BaseModel,
   * TrainingSet, Run)}.
   *
   * @param base the base model
   * @param images training images of one size; their sides are multiples of the base's VAE scale
   *     factor (8)
   * @param subject the words that prompts use for the person
   */
  public LoraPerson train(BaseModel base, List<RgbImage> images, PersonToken subject) {
    return train(base, TrainingSet.of(images, subject));
  }

  /**
   * Trains a LoRA of a person. The base does not change. The network computes in the base's dtype;
   * the trained factors are f32. The method throws the exceptions of {@link #train(BaseModel,
   * TrainingSet, Run)}.
   *
   * @param base the base model
   * @param images training images of one size; their sides are multiples of the base's VAE scale
   *     factor (8)
   * @param subject the words that prompts use for the person
   * @param run receives progress, and stops the work if it is cancelled
   * @return the person; the caller closes it
   */
  public LoraPerson train(BaseModel base, List<RgbImage> images, PersonToken subject, Run run) {
    return train(base, TrainingSet.of(images, subject), run);
  }

  /**
   * {@return the person with a LoRA that was trained on the set; the caller closes the person} The
   * method reports no progress. It throws the exceptions of {@link #train(BaseModel, TrainingSet,
   * Run)}.
   *
   * @param base the base model
   * @param set the training images and the person in them
   */
  public LoraPerson train(BaseModel base, TrainingSet set) {
    return train(base, set, Run.silent());
  }

  /**
   * Trains a LoRA of a person on a training set. The set may have captions, focus areas and masks
   * for the images, validation images, a training adapter, and a {@link TrainingSet#stateFile state
   * file}. If the set has a state file, a later call with this file resumes a stopped training. On
   * a CPU, the resumed training ends with the same weights, bit for bit, as a training that was not
   * stopped. If the memory plan of the base keeps weights in 8 bits, these weights stay in 8 bits.
   * On a CPU, weights from a GGUF file stay quantised as in the file.
   *
   * @param base the base model
   * @param set the training images and the person in them
   * @param run receives progress, and stops the work if it is cancelled
   * @return the person; the caller closes it
   * @throws IllegalArgumentException if the settings do not fit the base or the images; if a side
   *     of an image is not a multiple of the base's VAE scale factor (8); or if the base is
   *     distilled and the set has no training adapter
   * @throws dev.likeness.diffusion.error.InvalidInputException if the loss becomes NaN or infinite,
   *     a trained value is too large for f16, the state file belongs to another training, or the
   *     training adapter does not fit the base
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the device has too little
   *     memory, or if validation would generate images with a DoRA or LoHa on a base in 8 bits
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public LoraPerson train(BaseModel base, TrainingSet set, Run run) {
    int images = set.examples().size();
    return EngineAccess.engine(base).use().report(Kind.TRAINING, images, run, observed -> {
      try (Lora added = set.trainingAdapter()
              .map(file -> Lora.open(file, base, Run.of(run.cancellation())))
              .orElse(null);
          TrainableAdapter factors = TrainableAdapter.of(
              settings,
              set.personToken(),
              base,
              added == null ? null : ModelAdapter.of(added.at(1)));
          TrainingLoop loop = new TrainingLoop(settings, base, set, factors, observed.progress())) {
        if (set.validation().isPresent()) {
          factors.requireRoomToGenerate();
        }
        Function<String, Tensor> trained = loop.train(run.cancellation());
        return CurrentWork.finish(() -> person(factors, trained, set.personToken(), base));
      }
    });
  }

  private LoraPerson person(
      TrainableAdapter factors,
      Function<String, Tensor> values,
      PersonToken subject,
      BaseModel base) {
    TensorRegion region = new TensorRegion();
    try {
      return LoraPerson.of(factors.snapshot(region, values), region, settings, subject, base);
    } catch (RuntimeException e) {
      region.close();
      throw e;
    }
  }

  /**
   * Estimates the memory of the training for images of the base's default size, without validation.
   *
   * @param base the base model
   * @return the estimate
   */
  public TrainingMemory memory(BaseModel base) {
    return ownSize(base, false);
  }

  /**
   * Estimates the memory of the training for images of a given size, without validation.
   *
   * @param base the base model
   * @param width image width in pixels
   * @param height image height in pixels
   * @return the estimate
   */
  public TrainingMemory memory(BaseModel base, int width, int height) {
    return memory(base, width, height, false);
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
  public TrainingMemory memory(BaseModel base, int width, int height, boolean withValidation) {
    return TrainingMemoryEstimator.estimate(settings, base, width, height, false, withValidation);
  }

  private TrainingMemory ownSize(BaseModel base, boolean withValidation) {
    return memory(base, base.defaults().width(), base.defaults().height(), withValidation);
  }
}
