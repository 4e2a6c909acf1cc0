package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.StepScalars;
import dev.likeness.schedulers.LearnedVariance;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Networks that answer with a variance in a second half of their channels (arXiv:2102.09672). */
final class Variance {
  private Variance() {}

  /** The part of the answer that predicts the picture: as many channels as the sample has. */
  static Tensor mean(Tensor answer, Tensor x) {
    return answer.size(1) > x.size(1) ? answer.narrow(1, 0, x.size(1)) : answer;
  }

  /** The row's fresh noise at the scale that the network asks for. */
  static Tensor scale(StepScalars row, Tensor noise, Tensor answer, LearnedVariance.Kind kind) {
    if (kind == LearnedVariance.Kind.NONE) {
      return noise;
    }
    Tensor predicted = answer.narrow(1, answer.size(1) / 2, answer.size(1) / 2);
    if (kind == LearnedVariance.Kind.DIRECT) {
      return noise.mul(predicted.clamp_min(new Scalar(0)).sqrt());
    }
    // equation 15: exp(v log max + (1 - v) log min), v the answer brought from -1..1 to 0..1
    Tensor log = row.plus(
        row.times(predicted, s -> (s.variance().maxLog() - s.variance().minLog()) / 2),
        torch.ones_like(predicted),
        s -> (s.variance().maxLog() + s.variance().minLog()) / 2);
    return noise.mul(log.mul(new Scalar(0.5)).exp());
  }
}
