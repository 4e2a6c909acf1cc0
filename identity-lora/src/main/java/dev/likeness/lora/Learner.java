package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.model.TextTower;
import dev.likeness.diffusion.text.PromptEncoder;
import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.unet.UNet2DConditionModel;

/** The networks as they learn: each call gives them over the weights as they are now. */
interface Learner {
  /** What is learned. */
  TrainableWeights weights();

  UNet2DConditionModel unet();

  PromptEncoder prompts(TextTower tower);

  /** Whether gradients reach this text encoder. */
  boolean learns(Part tower);
}
