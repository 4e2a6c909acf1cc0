package dev.likeness.lora;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.lora.training.LoraTargets;
import dev.likeness.lora.training.OptimizerOptions;
import dev.likeness.lora.training.TrainingMemory;
import java.util.List;
import java.util.function.UnaryOperator;

/** How much time a training may take; {@link #of} makes the numbers of it. */
public enum TrainingPreset {
  /** A first look. */
  QUICK(0.4),
  /** What a studio takes. */
  BALANCED(1),
  /** Three times as long. */
  BEST(3);

  /** Photos that the steps of {@link LoraTraining#balanced} are meant for. */
  private static final int USUAL_PHOTOS = 10;
  /**
   * Steps of one picture that a base of full size takes, by photo, as diffusers' guides to people
   * have it.
   */
  private static final int STEPS_A_PHOTO = 100;

  private static final int FEWEST = 400;
  private static final int MOST = 2000;
  /** Of a base that is not trained here, which counts as one with a transformer. */
  private static final TrainingTarget.Recipe UNTRAINED =
      new TrainingTarget.Recipe(Integer.MAX_VALUE, 1e-4, false);

  /** What is given up, one after the other, where memory is short: time first. */
  private static final List<UnaryOperator<LoraTraining>> SAVINGS = List.of(
      settings -> settings.options(settings.options().recompute(true)),
      settings -> settings.batch() == 1
          ? settings
          : settings
              .batch(1)
              .options(settings
                  .options()
                  .accumulation(settings.batch() * settings.options().accumulation())),
      // Others keep no more, or take another rate.
      settings -> settings.options().optimizer() != OptimizerOptions.TrainingOptimizer.ADAMW
          ? settings
          : settings.options(
              settings.options().optimizer(OptimizerOptions.TrainingOptimizer.ADAMW_8BIT)),
      settings -> settings.rank(Math.max(1, settings.rank() / 4)));

  private final double time;

  TrainingPreset(double time) {
    this.time = time;
  }

  /**
   * The settings for so many photos on a base, in so much memory: {@linkplain #of(BaseModel, int)
   * the numbers}, {@linkplain #fitting made to fit}.
   *
   * @param bytes that the process may take
   * @throws ResourceLimitException naming what the least needs, where that is not enough
   */
  public LoraTraining of(BaseModel base, int photos, long bytes) {
    return fitting(of(base, photos), base, false, bytes);
  }

  /**
   * The numbers alone: few photos take fewer steps, since they are soon known by heart. The steps
   * of a recipe that the base's folder declares are meant for ten photos.
   */
  public LoraTraining of(BaseModel base, int photos) {
    LoraTraining full = LoraTraining.balanced().suitedTo(base);
    boolean declared = base.unwrap(ModelExtras.class).training().isPresent();
    double steps = declared
        ? full.steps() * Math.min(1.5, Math.max(0.5, Math.sqrt((double) photos / USUAL_PHOTOS)))
        : Math.min(MOST, Math.max(FEWEST, STEPS_A_PHOTO * photos));
    return full.steps((int) Math.round(time * steps));
  }

  /**
   * The same settings where they fit into so much memory; else activations are computed twice,
   * pictures learned one by one, AdamW's moments kept in bytes, and the rank lowered, until they
   * do.
   *
   * @param settings all that is asked: class pictures and the rank count
   * @param watched whether {@link dev.likeness.lora.training.ValidationOptions} are drawn on the
   *     way
   * @param bytes that the process may take
   * @throws ResourceLimitException naming what the least needs, where that is not enough
   */
  public static LoraTraining fitting(
      LoraTraining settings, BaseModel base, boolean watched, long bytes) {
    LoraTraining fitting = settings;
    for (UnaryOperator<LoraTraining> saving : SAVINGS) {
      if (memory(fitting, base, watched).bytes() <= bytes) {
        return fitting;
      }
      fitting = saving.apply(fitting);
    }
    TrainingMemory least = memory(fitting, base, watched);
    if (least.bytes() > bytes) {
      throw new ResourceLimitException("learning a person on " + base.name() + " takes at least "
          + least + ", of which " + (bytes >> 20) + " MiB are allowed; take a smaller base");
    }
    return fitting;
  }

  private static TrainingMemory memory(LoraTraining settings, BaseModel base, boolean watched) {
    return settings.memory(base, base.defaults().width(), base.defaults().height(), watched);
  }

  /** {@link LoraTraining#suitedTo}. */
  static LoraTraining suited(LoraTraining settings, BaseModel base) {
    return base.unwrap(ModelExtras.class)
        .training()
        .map(recipe -> by(settings, recipe))
        .orElseGet(() -> {
          LoraTraining full = settings
              .targets(LoraTargets.ATTENTION)
              .rank(8)
              .steps(settings.steps() * settings.batch())
              .batch(1);
          TrainingTarget.Recipe recipe = base.unwrap(OpenModel.class)
              .capability(TrainingTarget.class)
              .map(TrainingTarget::recipe)
              .orElse(UNTRAINED);
          LoraTraining slow = full.learningRate(recipe.learningRate());
          return recipe.textEncoders() ? slow : slow.textEncoder(false);
        });
  }

  private static LoraTraining by(LoraTraining settings, ModelExtras.Training recipe) {
    int as = (int) Math.ceil((double) settings.steps() * settings.batch() / recipe.batch());
    return settings
        .targets(LoraTargets.valueOf(recipe.layers().name()))
        .rank(recipe.rank())
        .textEncoder(recipe.textEncoder())
        .steps(as)
        .batch(recipe.batch())
        .learningRate(recipe.learningRate());
  }
}
