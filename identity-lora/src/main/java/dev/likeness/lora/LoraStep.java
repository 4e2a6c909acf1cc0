package dev.likeness.lora;

import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.AdamW;
import dev.likeness.diffusion.training.GradientNorm;
import dev.likeness.diffusion.training.Objective;
import dev.likeness.diffusion.unet.UNet2DConditionModel;
import dev.likeness.diffusion.unet.UNetConditioning;
import java.util.Arrays;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** One step of learning: noise a batch, let the network answer, and move the factors against the error. */
final class LoraStep {
  private final StableDiffusion model;
  private final TrainableFactors factors;
  private final AdamW optimizer;
  private final Objective objective;
  private final CaptionEncodings texts;
  private final UNet2DConditionModel unet;

  /** Learns by factors as they are when this is made: restore a state before. */
  LoraStep(StableDiffusion model, TrainableFactors factors, AdamW optimizer, Objective objective,
      CaptionEncodings texts) {
    this.model = model;
    this.factors = factors;
    this.optimizer = optimizer;
    this.objective = objective;
    this.texts = texts;
    unet = model.unet(factors.adaptation(Part.UNET));
  }

  /**
   * A batch and the chance that goes with it.
   *
   * @param clean latents [batch, channels, h, w], f32, CPU
   * @param noise of the same shape
   * @param timesteps one for each picture
   * @param captions index of each picture's caption
   * @param own how many of the pictures, from the first on, are the person's; the others are of the class
   */
  record Batch(Tensor clean, Tensor noise, int[] timesteps, int[] captions, int own) { }

  /**
   * Takes the step and returns its loss.
   *
   * @throws UnusableInput when the loss is no longer a number
   */
  double learn(Batch batch, LoraTraining settings, double rate) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor loss = loss(batch, settings.priorWeight());
      loss.backward();
      double value = loss.item_double();
      if (!Double.isFinite(value)) {
        throw new UnusableInput("the loss is " + value + " after " + optimizer.steps()
            + " steps; train with a lower learning rate, or in f32 instead of a half type");
      }
      GradientNorm.clip(factors.weights().leaves().values(), settings.longestGradient());
      optimizer.step(factors.weights().leaves(), rate);
      return value;
    }
  }

  /** The error of the network's answers: the person's, and the class's at its weight. */
  Tensor loss(Batch batch, double priorWeight) {
    int[] timesteps = batch.timesteps;
    Tensor noised = objective.noised(batch.clean, batch.noise, timesteps);
    UNetConditioning text = UNetConditioning.text(texts.tokens(batch.captions));
    Tensor answer = unet.forward(model.compute().place(noised), times(timesteps), text).cpu();
    Tensor target = objective.target(batch.clean, batch.noise, timesteps);
    int own = batch.own;
    int others = timesteps.length - own;
    if (others == 0) {
      return objective.loss(answer, target, timesteps);
    }
    Tensor person = objective.loss(answer.narrow(0, 0, own), target.narrow(0, 0, own), part(timesteps, 0, own));
    Tensor prior = objective.loss(
        answer.narrow(0, own, others), target.narrow(0, own, others), part(timesteps, own, others));
    return person.add(prior.mul(new Scalar(priorWeight)));
  }

  private static int[] part(int[] values, int from, int count) {
    return Arrays.copyOfRange(values, from, from + count);
  }

  private Tensor times(int[] timesteps) {
    float[] values = new float[timesteps.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = timesteps[i];
    }
    return torch.tensor(values).to(new Device(model.compute().device()), ScalarType.Float);
  }
}
