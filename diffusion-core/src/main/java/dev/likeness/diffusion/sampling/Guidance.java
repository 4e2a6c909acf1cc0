package dev.likeness.diffusion.sampling;

import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * Classifier-free guidance (Ho and Salimans 2022, arXiv:2207.12598): away from the answer to the negative prompt, towards
 * the answer to the prompt.
 *
 * @param both a network conditioned on [negative; positive], each for the whole batch, in this order
 * @param scale how far; 1 is no guidance
 */
public record Guidance(NoisePredictor both, double scale) implements NoisePredictor {
  @Override
  public Tensor predict(Tensor input, Step step) {
    TensorVector halves = both.predict(torch.cat(new TensorVector(input, input), 0), step).chunk(2, 0);
    return torch.lerp(halves.get(0), halves.get(1), new Scalar(scale));
  }
}
