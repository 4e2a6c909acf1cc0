package dev.likeness.lora;

import dev.likeness.diffusion.error.UnusableInput;
import dev.likeness.diffusion.nn.Segments;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.training.GradientNorm;
import dev.likeness.diffusion.training.Optimizer;
import dev.likeness.diffusion.training.Recomputing;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** One step of learning: noise a batch, let the network answer, and move the weights against the error. */
class LoraStep {
  private final Pupil pupil;
  private final Learner learner;
  private final Optimizer optimizer;
  private final Lesson lesson;
  private final CaptionEncodings texts;

  LoraStep(Pupil pupil, Learner learner, Optimizer optimizer, Lesson lesson, CaptionEncodings texts) {
    this.pupil = pupil;
    this.learner = learner;
    this.optimizer = optimizer;
    this.lesson = lesson;
    this.texts = texts;
  }

  /**
   * A batch and the chance that goes with it.
   *
   * @param clean latents [batch, channels, h, w], f32, CPU
   * @param noise to find, of the same shape
   * @param seen noise that the network sees, most often the same
   * @param levels of noise, one for each picture
   * @param captions place of each picture's caption
   * @param own how many of the pictures, from the first on, are the person's; the others are of the class
   * @param focus what each place of a picture counts, [batch, 1, h, w] with mean 1, or null
   */
  record Batch(Tensor clean, Tensor noise, Tensor seen, double[] levels, int[] captions, int own, Tensor focus) { }

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
    double[] levels = batch.levels;
    Tensor noised = lesson.noised(batch.clean, batch.seen, levels);
    Tensor answer = pupil.answer(learner, noised, levels, texts.of(batch.captions), segments).cpu();
    Tensor target = lesson.target(batch.clean, batch.noise, levels);
    int own = batch.own;
    int others = levels.length - own;
    if (others == 0) {
      return lesson.loss(answer, target, batch.focus, levels);
    }
    Tensor person = lesson.loss(answer.narrow(0, 0, own), target.narrow(0, 0, own),
        batch.focus == null ? null : batch.focus.narrow(0, 0, own), Arrays.copyOf(levels, own));
    Tensor prior = lesson.loss(answer.narrow(0, own, others), target.narrow(0, own, others), null,
        Arrays.copyOfRange(levels, own, levels.length));
    return person.add(prior.mul(new Scalar(priorWeight)));
  }
}
