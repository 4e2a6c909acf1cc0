package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.training.TrainableWeights;
import dev.likeness.diffusion.weights.Weights;

/** The networks as they learn: each call gives what they are built of as it is now. */
interface Learner {
  /** What is learned. */
  TrainableWeights weights();

  /** What a part's network is built of; gradients flow to what is learned. */
  Weights network(Part part);

  /** Whether gradients reach this part. */
  boolean learns(Part part);
}
