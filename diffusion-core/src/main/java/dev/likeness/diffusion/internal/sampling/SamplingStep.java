package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.cudagraph.LaidOut;
import dev.likeness.diffusion.internal.cudagraph.StepRunner;
import dev.likeness.diffusion.internal.cudagraph.StepScalars;
import dev.likeness.diffusion.internal.family.Predictor;
import dev.likeness.diffusion.internal.sampling.Term.Kind;
import dev.likeness.schedulers.Step;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A row's work from sample to next sample: scaling, network with guidance, prediction, clipping and
 * sum. Its inputs are the sample, the given terms and, last, the row's unit noise where the plan
 * sums noise; its outputs the next sample, the prediction before clipping, and what the row made of
 * each carried kind.
 */
record SamplingStep(Predictor network, List<Term> terms, Step step) implements StepRunner.Work {
  /** See {@link dev.likeness.diffusion.internal.cudagraph.LaidOut#layout}. */
  Object layout() {
    return LaidOut.together(
        network.layout(step),
        step.clipping(),
        step.variance().kind(),
        step.update().asksUnguided());
  }

  @Override
  public Tensor[] of(StepScalars row, Tensor... in) {
    Tensor answers = network.predict(row.times(in[0], s -> s.scaling().in()), step);
    Map<Kind, Tensor> made = made(row, in[0], answers, in[in.length - 1]);
    Iterator<Tensor> given = List.of(in).subList(1, in.length).iterator();
    Tensor next = null;
    for (Term term : terms) {
      Tensor one = term.isGiven() ? given.next() : made.get(term.kind());
      next = next == null ? row.times(one, term::factor) : row.plus(next, one, term::factor);
    }
    List<Tensor> out =
        new ArrayList<>(List.of(next == null ? torch.zeros_like(in[0]) : next, made.get(Kind.RAW)));
    Term.carried(terms).forEach(kind -> out.add(made.get(kind)));
    return out.toArray(Tensor[]::new);
  }

  private Map<Kind, Tensor> made(StepScalars row, Tensor x, Tensor answers, Tensor noise) {
    long count = x.size(0);
    boolean guided = answers.size(0) > count; // one that is not says the same of both
    Tensor answer = guided ? answers.narrow(0, 0, count) : answers;
    Tensor mean = Variance.mean(answer, x);
    Tensor raw = denoised(row, x, mean);
    Map<Kind, Tensor> made = new EnumMap<>(Kind.class);
    made.put(Kind.DENOISED, Thresholding.apply(step.clipping(), raw));
    made.put(Kind.RAW, raw);
    made.put(
        Kind.UNGUIDED,
        guided ? denoised(row, x, Variance.mean(answers.narrow(0, count, count), x)) : raw);
    made.put(Kind.ANSWER, mean);
    if (Term.takesNoise(terms)) {
      made.put(Kind.NOISE, Variance.scale(row, noise, answer, step.variance().kind()));
    }
    return made;
  }

  private static Tensor denoised(StepScalars row, Tensor x, Tensor answer) {
    return row.plus(
        row.times(x, s -> s.scaling().skip()), answer, s -> s.scaling().out());
  }
}
