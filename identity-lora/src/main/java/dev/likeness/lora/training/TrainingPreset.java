package dev.likeness.lora.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.model.ModelExtras;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/** Presets of the duration of a training; {@link #of} turns a preset into settings. */
public enum TrainingPreset {
  /** 40 % of the steps of {@link #BALANCED}, for a first test. */
  QUICK(0.4),
  /** The number of steps that suits the base and the number of photos. */
  BALANCED(1),
  /** Three times the steps of {@link #BALANCED}. */
  BEST(3);

  /** The number of photos for which {@link TrainingSettings#balanced} chooses its steps. */
  private static final int REFERENCE_PHOTOS = 10;
  /**
   * Steps per photo, with batch size 1, for a base of full size; from diffusers' guides to training
   * people.
   */
  private static final int STEPS_PER_PHOTO = 100;

  private static final int MIN_STEPS = 400;
  private static final int MAX_STEPS = 2000;
  /** The recipe for a base without a training target; it is treated as a transformer. */
  private static final TrainingTarget.Recipe DEFAULT_RECIPE =
      new TrainingTarget.Recipe(Integer.MAX_VALUE, 1e-4, false);

  private final double stepFactor;

  TrainingPreset(double stepFactor) {
    this.stepFactor = stepFactor;
  }

  /**
   * Returns the settings for a number of photos on a base. Fewer photos need fewer steps, because
   * the training overfits sooner. If the base folder has a training recipe, the number of steps
   * that {@link TrainingSettings#forBase} chooses applies to ten photos.
   *
   * @param base the base model
   * @param photos number of photos, from 1
   * @return the settings
   */
  public TrainingSettings of(BaseModel base, int photos) {
    TrainingSettings full = TrainingSettings.balanced().forBase(base);
    boolean declared = EngineAccess.extras(base).training().isPresent();
    double steps = declared
        ? full.steps() * Math.min(1.5, Math.max(0.5, Math.sqrt((double) photos / REFERENCE_PHOTOS)))
        : Math.min(MAX_STEPS, Math.max(MIN_STEPS, stepsPerPhoto(base) * photos));
    return full.steps((int) Math.round(stepFactor * steps));
  }

  private static double stepsPerPhoto(BaseModel base) {
    return base.recipe().stream()
        .flatMapToDouble(known -> known.stepsPerPhoto().stream())
        .findFirst()
        .orElse(STEPS_PER_PHOTO);
  }

  /** Implements {@link TrainingSettings#forBase}. */
  static TrainingSettings forBase(TrainingSettings settings, BaseModel base) {
    return EngineAccess.extras(base)
        .training()
        .map(recipe -> withRecipe(settings, recipe))
        .orElseGet(() -> {
          TrainingTarget.Recipe recipe = EngineAccess.model(base)
              .capability(TrainingTarget.class)
              .map(TrainingTarget::recipe)
              .orElse(DEFAULT_RECIPE);
          Optional<CatalogueModel> known = base.recipe();
          TrainingSettings full = settings
              .targets(LoraTargets.ATTENTION)
              .rank(known
                  .map(CatalogueModel::trainingRank)
                  .orElseGet(OptionalInt::empty)
                  .orElse(recipe.rank()))
              .steps(settings.steps() * settings.batchSize())
              .batchSize(1);
          TrainingSettings slow = full.learningRate(known
              .map(CatalogueModel::learningRate)
              .orElseGet(OptionalDouble::empty)
              .orElse(recipe.learningRate()));
          return recipe.textEncoders() ? slow : slow.trainTextEncoder(false);
        });
  }

  private static TrainingSettings withRecipe(
      TrainingSettings settings, ModelExtras.Training recipe) {
    int as = (int) Math.ceil((double) settings.steps() * settings.batchSize() / recipe.batch());
    return settings
        .targets(LoraTargets.valueOf(recipe.layers().name()))
        .rank(recipe.rank())
        .trainTextEncoder(recipe.textEncoder())
        .steps(as)
        .batchSize(recipe.batch())
        .learningRate(recipe.learningRate());
  }
}
