package dev.likeness.lora.training;

import dev.likeness.lora.training.OptimizerOptions.TrainingOptimizer;

/**
 * The values of an {@link OptimizerOptions} while some of them are changed: the one place that
 * knows the order of its components.
 */
final class OptimizerDraft {
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

  OptimizerDraft(OptimizerOptions from) {
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
