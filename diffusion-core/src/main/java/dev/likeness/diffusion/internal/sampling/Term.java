package dev.likeness.diffusion.internal.sampling;

import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Step;
import dev.likeness.schedulers.Update;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * A term of the sum that is the next sample.
 *
 * @param back how many rows ago it was made; 0 for the row's own
 */
record Term(Kind kind, int back) {
  /** What rows make and sum, in the order of {@link Update}. */
  enum Kind {
    SAMPLE(Update::samples),
    ARRIVED(Update::arrived),
    DENOISED(Update::denoised),
    RAW(Update::raw),
    UNGUIDED(Update::unguided),
    ANSWER(Update::answers),
    NOISE(Update::noise);

    private final Function<Update, double[]> factors;

    Kind(Function<Update, double[]> factors) {
      this.factors = factors;
    }
  }

  /**
   * All terms that some row of a plan has, so that one sum serves every row; a row's own factors
   * may be 0.
   */
  static List<Term> of(SamplingPlan plan) {
    List<Term> terms = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      for (int back = 0; back < plan.reach(); back++) {
        Term term = new Term(kind, back);
        if (plan.steps().stream().anyMatch(step -> term.factor(step) != 0)) {
          terms.add(term);
        }
      }
    }
    return List.copyOf(terms);
  }

  double factor(Step step) {
    double[] factors = kind.factors.apply(step.update());
    return back < factors.length ? factors[back] : 0;
  }

  /** Whether there is such a tensor before the row asks the network. */
  boolean isGiven() {
    return back > 0 || kind == Kind.SAMPLE || kind == Kind.ARRIVED;
  }

  /** Whether some of these is noise. */
  static boolean takesNoise(List<Term> terms) {
    return terms.stream().anyMatch(term -> term.kind == Kind.NOISE);
  }

  /** The kinds that a row makes and later ones read, beside samples. */
  static List<Kind> carried(List<Term> terms) {
    return terms.stream()
        .filter(term -> term.back > 0)
        .map(Term::kind)
        .filter(kind -> kind != Kind.SAMPLE && kind != Kind.ARRIVED)
        .distinct()
        .toList();
  }
}
