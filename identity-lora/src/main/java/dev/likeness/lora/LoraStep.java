package dev.likeness.lora;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.nn.Segments;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.text.TextEncoding;
import dev.likeness.diffusion.training.GradientNorm;
import dev.likeness.diffusion.training.Objective;
import dev.likeness.diffusion.training.Optimizer;
import dev.likeness.diffusion.training.Recomputing;
import dev.likeness.diffusion.unet.UNet2DConditionModel;
import dev.likeness.diffusion.unet.UNetConditioning;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** One step of learning: noise a batch, let the network answer, and move the weights against the error. */
final class LoraStep {
  private final StableDiffusion model;
  private final Learner learner;
  private final Optimizer optimizer;
  private final Objective objective;
  private final CaptionEncodings texts;

  LoraStep(StableDiffusion model, Learner learner, Optimizer optimizer, Objective objective, CaptionEncodings texts) {
    this.model = model;
    this.learner = learner;
    this.optimizer = optimizer;
    this.objective = objective;
    this.texts = texts;
  }

  /**
   * A batch and the chance that goes with it.
   *
   * @param clean latents [batch, channels, h, w], f32, CPU
   * @param noise to find, of the same shape
   * @param seen noise that the network sees, most often the same
   * @param timesteps one for each picture
   * @param captions place of each picture's caption
   * @param own how many of the pictures, from the first on, are the person's; the others are of the class
   * @param focus what each place of a picture counts, [batch, 1, h, w] with mean 1, or null
   */
  record Batch(Tensor clean, Tensor noise, Tensor seen, int[] timesteps, int[] captions, int own, Tensor focus) { }

  /**
   * Takes the step over these batches and returns their mean loss.
   *
   * @throws UnusableInput when the loss is no longer a number; the weights are then as they were
   */
  double learn(List<Batch> batches, LoraTraining settings, double rate) {
    double sum = 0;
    for (Batch batch : batches) {
      sum += gradients(batch, settings, batches.size());
    }
    GradientNorm.clip(learner.weights().leaves().values(), settings.longestGradient());
    optimizer.step(learner.weights().leaves(), rate);
    return sum / batches.size();
  }

  private double gradients(Batch batch, LoraTraining settings, int parts) {
    try (TensorScope scope = TensorScope.open(); Recomputing recomputing = new Recomputing()) {
      boolean twice = settings.options().recompute();
      Tensor loss = loss(batch, settings.priorWeight(), twice ? recomputing : Segments.PLAIN);
      double value = loss.item_double();
      if (!Double.isFinite(value)) {
        throw new UnusableInput("the loss is " + value + " after " + optimizer.steps()
            + " steps; train with a lower learning rate, or in f32 instead of a half type");
      }
      Tensor part = parts == 1 ? loss : loss.div(new Scalar((double) parts));
      if (twice) {
        recomputing.backward(part);
      } else {
        part.backward();
      }
      return value;
    }
  }

  /** The error of the network's answers: the person's, and the class's at its weight. */
  Tensor loss(Batch batch, double priorWeight, Segments segments) {
    int[] timesteps = batch.timesteps;
    Tensor noised = objective.noised(batch.clean, batch.seen, timesteps);
    UNet2DConditionModel unet = learner.unet();
    Tensor answer = unet.forward(model.compute().place(noised), times(timesteps), conditioning(batch), segments).cpu();
    Tensor target = objective.target(batch.clean, batch.noise, timesteps);
    int own = batch.own;
    int others = timesteps.length - own;
    if (others == 0) {
      return objective.loss(answer, target, timesteps, batch.focus);
    }
    Tensor person = objective.loss(answer.narrow(0, 0, own), target.narrow(0, 0, own), part(timesteps, 0, own),
        batch.focus == null ? null : batch.focus.narrow(0, 0, own));
    Tensor prior = objective.loss(
        answer.narrow(0, own, others), target.narrow(0, own, others), part(timesteps, own, others));
    return person.add(prior.mul(new Scalar(priorWeight)));
  }

  private UNetConditioning conditioning(Batch batch) {
    TextEncoding text = texts.of(batch.captions);
    if (model.sizeIds() == 0) {
      return UNetConditioning.text(text.tokens());
    }
    int factor = model.autoencoder().factor();
    float height = batch.clean.size(2) * factor;
    float width = batch.clean.size(3) * factor;
    Tensor sizes = torch.tensor(new float[] {height, width, 0, 0, height, width}).unsqueeze(0)
        .repeat_interleave(batch.clean.size(0), new LongOptional(0), new LongOptional());
    Tensor placed = sizes.to(new Device(model.compute().device()), ScalarType.Float);
    return new UNetConditioning(text.tokens(), text.pooled(), placed);
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
