package dev.likeness.lora.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.model.ModelExtras;

/**
 * Presets of training time; {@link #of} turns a preset into settings.
 */
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
   * Steps of one image that a base of full size takes, by photo, as diffusers' guides to people
   * have it.
   */
  private static final int STEPS_A_PHOTO = 100;

  private static final int FEWEST = 400;
  private static final int MOST = 2000;
  /** Of a base that is not trained here, which counts as one with a transformer. */
  private static final TrainingTarget.Recipe UNTRAINED =
      new TrainingTarget.Recipe(Integer.MAX_VALUE, 1e-4, false);

  private final double time;

  TrainingPreset(double time) {
    this.time = time;
  }

  /**
   * The settings for so many photos on a base: few photos take fewer steps, since they are soon
   * known by heart. The steps of a recipe that the base's folder declares are meant for ten photos.
   */
  public LoraTraining of(BaseModel base, int photos) {
    LoraTraining full = LoraTraining.balanced().suitedTo(base);
    boolean declared = base.unwrap(ModelExtras.class).training().isPresent();
    double steps = declared
        ? full.steps() * Math.min(1.5, Math.max(0.5, Math.sqrt((double) photos / USUAL_PHOTOS)))
        : Math.min(MOST, Math.max(FEWEST, STEPS_A_PHOTO * photos));
    return full.steps((int) Math.round(time * steps));
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
