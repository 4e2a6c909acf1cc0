package dev.likeness.lora.training;

import static dev.likeness.lora.training.SettingRange.require;

/**
 * The loss of a training, and the noise that the network learns to predict.
 *
 * @param minSnrGamma gamma of min-SNR weighting (arXiv:2303.09556); 0 for no weighting. Gamma is
 *     ignored for flow models, and if {@link #debiasedEstimation()} is true
 * @param debiasedEstimation true to weight losses by 1 / sqrt(SNR) (Yu et al. 2023,
 *     arXiv:2310.08442) instead of min-SNR; only for bases with a UNet
 * @param noiseOffset share, from 0, of noise that is constant over the image, to train very dark
 *     and very bright images; 0 for no noise offset
 * @param inputPerturbation share, from 0, of additional input noise that the network does not
 *     predict (Ning et al. 2023, arXiv:2301.11706); 0 for no additional noise
 * @param focusWeight factor of the loss inside the focus area of an image, above 0; 1 for a uniform
 *     loss
 * @param priorLossWeight weight of the prior preservation loss, from 0
 * @param distillationGuidance guidance scale of the teacher model in few-step distillation
 *     ({@link TrainingSettings#fewStep}), from 1; 0 for ordinary training
 */
public record LossSettings(
    double minSnrGamma,
    boolean debiasedEstimation,
    double noiseOffset,
    double inputPerturbation,
    double focusWeight,
    double priorLossWeight,
    double distillationGuidance) {
  /**
   * Checks the ranges of the settings.
   *
   * @throws IllegalArgumentException if a value is out of its range
   */
  public LossSettings {
    require(minSnrGamma >= 0, "minSnrGamma", "at least 0", minSnrGamma);
    require(noiseOffset >= 0, "noiseOffset", "at least 0", noiseOffset);
    require(inputPerturbation >= 0, "inputPerturbation", "at least 0", inputPerturbation);
    require(focusWeight > 0, "focusWeight", "above 0", focusWeight);
    require(priorLossWeight >= 0, "priorLossWeight", "at least 0", priorLossWeight);
    require(
        distillationGuidance == 0 || distillationGuidance >= 1,
        "distillationGuidance",
        "at least 1, or 0 for ordinary training",
        distillationGuidance);
  }
}
