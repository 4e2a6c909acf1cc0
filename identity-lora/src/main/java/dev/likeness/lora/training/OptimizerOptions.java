package dev.likeness.lora.training;

import dev.likeness.lora.training.OptimizerOptions.TrainingOptimizer;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * Rarely changed settings of a training. Immutable; setters return a changed copy.
 *
 * @param form the trained form of each layer's delta
 * @param rankStabilised whether a delta is scaled by alpha / sqrt(rank) (rsLoRA,
 *     arXiv:2312.03732) instead of alpha / rank
 * @param modules a regular expression over layer names ({@code unet.down_blocks.0….to_q}) that
 *     replaces the targets, or empty
 * @param optimizer the optimiser
 * @param constantRate whether the learning rate stays constant instead of following half a
 *     cosine
 * @param accumulation number of batches whose gradients are summed for one step (gradient
 *     accumulation)
 * @param recompute whether activations are recomputed instead of kept (gradient checkpointing)
 * @param ema decay of the moving average of the weights, below 1; 0 for none
 * @param noiseOffset share of noise that is constant over the image, so that very dark and very
 *     bright images can be trained; 0 for none
 * @param inputPerturbation share of additional input noise that the network does not predict
 *     (Ning et al. 2023, arXiv:2301.11706); 0 for none
 * @param debiased whether losses are weighted by 1 / sqrt(SNR) (Yu et al. 2023,
 *     arXiv:2310.08442) instead of min-SNR; for bases with a UNet only
 * @param focus factor of the loss inside the marked area of an image; 1 for a uniform loss
 * @param rounded whether {@link dev.likeness.lora.DreamBooth} keeps its weights in bf16 with
 *     stochastic rounding (Zamirai et al. 2020, arXiv:2010.06192): half the memory, for a base
 *     that computes in bf16
 * @param distilled guidance scale of the teacher in few-step distillation ({@link
 *     LoraTraining#fewStep}); 0 for ordinary training
 * @param pivot a placeholder token for the person, trained with the LoRA
 */
public record OptimizerOptions(
    LoraForm form,
    boolean rankStabilised,
    String modules,
    TrainingOptimizer optimizer,
    boolean constantRate,
    int accumulation,
    boolean recompute,
    double ema,
    double noiseOffset,
    double inputPerturbation,
    boolean debiased,
    double focus,
    boolean rounded,
    double distilled,
    Pivot pivot) {
  /** Plain LoRA with AdamW, nothing of the rest. */
  public static final OptimizerOptions PLAIN = new OptimizerOptions(
      LoraForm.LORA,
      false,
      "",
      TrainingOptimizer.ADAMW,
      false,
      1,
      false,
      0,
      0,
      0,
      false,
      1,
      false,
      0,
      Pivot.NONE);

  public OptimizerOptions {
    if (accumulation < 1
        || !(ema >= 0 && ema < 1)
        || !(noiseOffset >= 0 && inputPerturbation >= 0 && focus > 0)) {
      throw new IllegalArgumentException(
          "accumulation " + accumulation + " must be at least 1, ema " + ema
              + " from 0 to below 1, noise offset " + noiseOffset + " and input perturbation "
              + inputPerturbation
              + " not below 0, focus " + focus + " above 0");
    }
    if (!(distilled == 0 || distilled >= 1)) {
      throw new IllegalArgumentException(
          "guidance " + distilled + " of the images to be drawn in few steps must be at"
              + " least 1, or 0 where that is not learned");
    }
    if (rounded && optimizer == TrainingOptimizer.PRODIGY) {
      throw new IllegalArgumentException(
          "Prodigy measures ways that bf16 rounds away; choose another optimiser, or f32");
    }
    try {
      Pattern.compile(modules);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          "\"" + modules + "\" is no regular expression: " + e.getDescription(), e);
    }
  }

  private OptimizerOptions with(Consumer<Draft> change) {
    Draft draft = new Draft(this);
    change.accept(draft);
    return draft.made();
  }

  /** Another form of change. */
  public OptimizerOptions form(LoraForm kind) {
    return with(draft -> draft.form = kind);
  }

  /** With rsLoRA's strength, or not. */
  public OptimizerOptions rankStabilised(boolean stabilised) {
    return with(draft -> draft.rankStabilised = stabilised);
  }

  /** The layers whose whole name matches {@code pattern}, in the place of the targets. */
  public OptimizerOptions modules(String pattern) {
    return with(draft -> draft.modules = pattern);
  }

  /** Another optimiser. */
  public OptimizerOptions optimizer(TrainingOptimizer kind) {
    return with(draft -> draft.optimizer = kind);
  }

  /** With a learning rate that stays, or falls. */
  public OptimizerOptions constantRate(boolean constant) {
    return with(draft -> draft.constantRate = constant);
  }

  /** Another number of batches for each step. */
  public OptimizerOptions accumulation(int batches) {
    return with(draft -> draft.accumulation = batches);
  }

  /** With gradient checkpointing, or without. */
  public OptimizerOptions recompute(boolean twice) {
    return with(draft -> draft.recompute = twice);
  }

  /** With a slow average, which becomes the result. */
  public OptimizerOptions ema(double decay) {
    return with(draft -> draft.ema = decay);
  }

  /** With noise that shifts a whole image. */
  public OptimizerOptions noiseOffset(double strength) {
    return with(draft -> draft.noiseOffset = strength);
  }

  /** With a second noise in what the network sees. */
  public OptimizerOptions inputPerturbation(double strength) {
    return with(draft -> draft.inputPerturbation = strength);
  }

  /** With debiased weights of the loss, or without. */
  public OptimizerOptions debiased(boolean weighted) {
    return with(draft -> draft.debiased = weighted);
  }

  /** With another weight of each image's marked area. */
  public OptimizerOptions focus(double factor) {
    return with(draft -> draft.focus = factor);
  }

  /** With weights in bf16 alone, or with f32 ones behind them. */
  public OptimizerOptions rounded(boolean byChance) {
    return with(draft -> draft.rounded = byChance);
  }

  /**
   * Learning to draw in few steps what the base draws with this guidance; 0 for what the images
   * show.
   */
  public OptimizerOptions distilled(double guidance) {
    return with(draft -> draft.distilled = guidance);
  }

  /** With a new word for the person, or {@link Pivot#NONE}. */
  public OptimizerOptions pivot(Pivot word) {
    return with(draft -> draft.pivot = word);
  }

  /** Which optimiser moves the weights. */
  public enum TrainingOptimizer {
    ADAMW,
    /** A quarter of AdamW's memory. */
    ADAMW_8BIT,
    /**
     * Almost no memory; a LoRA wants AdamW's learning rate, that of
     * {@link dev.likeness.lora.DreamBooth} is relative to the weights' size.
     */
    ADAFACTOR,
    /** Finds its own step size; give it a learning rate of 1. */
    PRODIGY,
    /** Half of AdamW's memory; wants a third to a tenth of its learning rate. */
    LION
  }

  /**
   * The values of an {@link OptimizerOptions} while some of them are changed: the one place that
   * knows the order of its components.
   */
  static final class Draft {
    LoraForm form;
    boolean rankStabilised;
    String modules;
    TrainingOptimizer optimizer;
    boolean constantRate;
    int accumulation;
    boolean recompute;
    double ema;
    double noiseOffset;
    double inputPerturbation;
    boolean debiased;
    double focus;
    boolean rounded;
    double distilled;
    Pivot pivot;

    Draft(OptimizerOptions from) {
      form = from.form();
      rankStabilised = from.rankStabilised();
      modules = from.modules();
      optimizer = from.optimizer();
      constantRate = from.constantRate();
      accumulation = from.accumulation();
      recompute = from.recompute();
      ema = from.ema();
      noiseOffset = from.noiseOffset();
      inputPerturbation = from.inputPerturbation();
      debiased = from.debiased();
      focus = from.focus();
      rounded = from.rounded();
      distilled = from.distilled();
      pivot = from.pivot();
    }

    OptimizerOptions made() {
      return new OptimizerOptions(
          form,
          rankStabilised,
          modules,
          optimizer,
          constantRate,
          accumulation,
          recompute,
          ema,
          noiseOffset,
          inputPerturbation,
          debiased,
          focus,
          rounded,
          distilled,
          pivot);
    }
  }
}
