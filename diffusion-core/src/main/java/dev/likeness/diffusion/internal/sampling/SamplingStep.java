package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.sampling.StepHistory.Term.Kind;
import dev.likeness.schedulers.Clipping;
import dev.likeness.schedulers.Step;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A row's work from sample to next sample: scaling, network with guidance, prediction, clipping and
 * sum.
 *
 * <p>Inputs are the sample, the known terms and, last, the row's unit noise if the plan uses noise.
 * Outputs are the next sample, the prediction before clipping, and the row's tensor of each kept
 * kind.
 */
record SamplingStep(Predictor network, List<StepHistory.Term> terms, Step step) {
  /** Returns the outputs, owned by the calling scope. */
  Tensor[] compute(List<Tensor> in) {
    Tensor outputs = network.predict(multiply(in.get(0), step.scaling().input()), step);
    Map<Kind, Tensor> made = outputsByKind(in.get(0), outputs, in.get(in.size() - 1));
    Iterator<Tensor> given = in.subList(1, in.size()).iterator();
    Tensor next = null;
    for (StepHistory.Term term : terms) {
      Tensor one = term.isKnownBefore() ? given.next() : made.get(term.kind());
      next =
          next == null ? multiply(one, term.factor(step)) : addScaled(next, one, term.factor(step));
    }
    List<Tensor> out = new ArrayList<>(
        List.of(next == null ? torch.zeros_like(in.get(0)) : next, made.get(Kind.RAW)));
    StepHistory.Term.keptKinds(terms).forEach(kind -> out.add(made.get(kind)));
    return out.toArray(Tensor[]::new);
  }

  private Map<Kind, Tensor> outputsByKind(Tensor x, Tensor outputs, Tensor noise) {
    long count = x.size(0);
    boolean guided = outputs.size(0) > count; // otherwise both predictions are the same
    Tensor answer = guided ? outputs.narrow(0, 0, count) : outputs;
    Tensor mean = Variance.mean(answer, x);
    Tensor raw = predictDenoised(x, mean);
    Map<Kind, Tensor> made = new EnumMap<>(Kind.class);
    made.put(Kind.DENOISED, Thresholding.apply(step.clipping(), raw));
    made.put(Kind.RAW, raw);
    made.put(
        Kind.UNGUIDED,
        guided ? predictDenoised(x, Variance.mean(outputs.narrow(0, count, count), x)) : raw);
    made.put(Kind.MODEL_OUTPUT, mean);
    if (StepHistory.Term.needsNoise(terms)) {
      made.put(Kind.NOISE, Variance.scale(step.variance(), noise, answer));
    }
    return made;
  }

  private Tensor predictDenoised(Tensor x, Tensor answer) {
    return addScaled(multiply(x, step.scaling().skip()), answer, step.scaling().output());
  }

  private static Tensor multiply(Tensor x, double number) {
    return x.mul(new Scalar(number));
  }

  /** Adds in place, rounded once. */
  private static Tensor addScaled(Tensor sum, Tensor term, double number) {
    return sum.add_(term, new Scalar(number));
  }

  /** Clipping of denoised predictions on tensors. */
  static final class Thresholding {
    private Thresholding() {}

    static Tensor apply(Clipping clipping, Tensor denoised) {
      return switch (clipping.kind()) {
        case NONE -> denoised;
        case CLAMP -> denoised.clamp(optional(-clipping.limit()), optional(clipping.limit()));
        case DYNAMIC -> dynamicThreshold(clipping, denoised);
      };
    }

    /**
     * Dynamic thresholding (Imagen, arXiv:2205.11487, section 2.3): each image by a quantile of its
     * own magnitudes.
     */
    private static Tensor dynamicThreshold(Clipping clipping, Tensor denoised) {
      Tensor magnitudes = denoised.flatten(1, -1).abs();
      Tensor s = magnitudes
          .quantile(clipping.ratio(), new LongOptional(1), true, "linear")
          .clamp(optional(1), optional(clipping.limit()))
          .view(-1, 1, 1, 1);
      return denoised.minimum(s).maximum(s.neg()).div(s);
    }

    private static ScalarOptional optional(double value) {
      return new ScalarOptional(new Scalar(value));
    }
  }

  /** Networks that predict a variance in the second half of their channels (arXiv:2102.09672). */
  static final class Variance {
    private Variance() {}

    /** The output's channels that predict the image: as many as the sample has. */
    static Tensor mean(Tensor answer, Tensor x) {
      return answer.size(1) > x.size(1) ? answer.narrow(1, 0, x.size(1)) : answer;
    }

    /** The row's fresh noise, at the scale that the network predicts. */
    static Tensor scale(Step.LearnedVariance variance, Tensor noise, Tensor answer) {
      if (variance.kind() == Step.LearnedVariance.Kind.NONE) {
        return noise;
      }
      Tensor predicted = answer.narrow(1, answer.size(1) / 2, answer.size(1) / 2);
      if (variance.kind() == Step.LearnedVariance.Kind.DIRECT) {
        return noise.mul(predicted.clamp_min(new Scalar(0)).sqrt());
      }
      // equation 15: exp(v log max + (1 - v) log min), where v is the output mapped to 0..1
      Tensor log = addScaled(
          multiply(predicted, (variance.maxLog() - variance.minLog()) / 2),
          torch.ones_like(predicted),
          (variance.maxLog() + variance.minLog()) / 2);
      return noise.mul(log.mul(new Scalar(0.5)).exp());
    }
  }
}
