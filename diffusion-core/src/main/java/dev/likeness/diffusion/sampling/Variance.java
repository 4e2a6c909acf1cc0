package dev.likeness.diffusion.sampling;

import dev.likeness.schedulers.LearnedVariance;
import dev.likeness.schedulers.Step;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** Networks that answer with a variance in a second half of their channels (arXiv:2102.09672). */
final class Variance {
  private Variance() {}

  /** The part of the answer that predicts the picture: as many channels as the sample has. */
  static Tensor mean(Tensor answer, Tensor x) {
    return answer.size(1) > x.size(1) ? answer.narrow(1, 0, x.size(1)) : answer;
  }

  /** The row's fresh noise at the scale that the network asks for. */
  static Tensor scale(Tensor noise, Tensor answer, Step step) {
    Tensor here = noise.to(answer.device(), answer.scalar_type());
    if (step.variance().kind() == LearnedVariance.Kind.NONE) {
      return here;
    }
    LearnedVariance variance = step.variance();
    Tensor predicted = answer.narrow(1, answer.size(1) / 2, answer.size(1) / 2);
    if (variance.kind() == LearnedVariance.Kind.DIRECT) {
      return here.mul(predicted.clamp_min(new Scalar(0)).sqrt());
    }
    // equation 15: exp(v log max + (1 - v) log min), v the answer brought from -1..1 to 0..1
    double half = (variance.maxLog() - variance.minLog()) / 2;
    double middle = (variance.maxLog() + variance.minLog()) / 2;
    Tensor log = predicted.mul(new Scalar(half)).add(new Scalar(middle));
    return here.mul(log.mul(new Scalar(0.5)).exp());
  }
}
