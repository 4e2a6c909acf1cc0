package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.sampling.StepHistory.Term.Kind;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.schedulers.SamplingPlan;
import dev.likeness.schedulers.Step;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/**
 * The tensors of earlier rows that later rows use, newest first: samples before and after blending,
 * predictions, outputs and noise.
 */
final class StepHistory {
  private final List<Term> terms;
  private final Map<Kind, Deque<Tensor>> tensors = new EnumMap<>(Kind.class);

  /** Creates the history before the first row. Its tensors belong to the calling scope. */
  StepHistory(List<Term> terms, Tensor start) {
    this.terms = terms;
    for (Kind kind : Kind.values()) {
      tensors.put(kind, new ArrayDeque<>());
    }
    tensors.get(Kind.SAMPLE).push(start.alias());
    tensors.get(Kind.UNBLENDED).push(start.alias());
  }

  /** The newest sample. */
  Tensor sample() {
    return tensors.get(Kind.SAMPLE).peek();
  }

  /**
   * The sample and the known terms of a row, in order. The sample stands in for a missing tensor
   * with a factor of 0.
   */
  List<Tensor> inputs(Step step) {
    List<Tensor> given = new ArrayList<>(List.of(sample()));
    terms.stream().filter(Term::isKnownBefore).forEach(term -> given.add(termValue(term, step)));
    return given;
  }

  private Tensor termValue(Term term, Step step) {
    Deque<Tensor> all = tensors.get(term.kind());
    int place =
        term.kind() == Kind.SAMPLE || term.kind() == Kind.UNBLENDED ? term.back() : term.back() - 1;
    if (place < all.size()) {
      Iterator<Tensor> newest = all.iterator();
      for (int i = 0; i < place; i++) {
        newest.next();
      }
      return newest.next();
    }
    if (term.factor(step) != 0) {
      throw new IllegalArgumentException(
          "row " + step.index() + " of the sampling plan uses the tensor of row "
              + (step.index() - term.back()) + ", but the plan starts at row 0");
    }
    return sample();
  }

  /**
   * Keeps a row's tensors beyond {@code scope} as long as a later row may use them.
   *
   * @param made the outputs of {@link SamplingStep}
   * @param sample the next sample after blending
   */
  void advance(TensorScope scope, Tensor[] made, Tensor sample) {
    keep(scope, Kind.SAMPLE, sample);
    keep(scope, Kind.UNBLENDED, made[0]);
    List<Kind> carried = Term.keptKinds(terms);
    for (int i = 0; i < carried.size(); i++) {
      keep(scope, carried.get(i), made[2 + i]);
    }
  }

  private void keep(TensorScope scope, Kind kind, Tensor newest) {
    int reach = terms.stream()
        .filter(term -> term.kind() == kind)
        .mapToInt(Term::back)
        .max()
        .orElse(0);
    int most = kind == Kind.SAMPLE || kind == Kind.UNBLENDED ? reach + 1 : reach;
    Deque<Tensor> all = tensors.get(kind);
    // A separate handle, because two outputs of a row may be the same tensor.
    all.push(scope.promote(newest.alias()));
    while (all.size() > most) {
      scope.release(all.removeLast());
    }
  }

  /**
   * A term of the next sample's sum.
   *
   * @param back the number of rows since it was computed; 0 for the current row
   */
  record Term(Kind kind, int back) {
    /** The kinds of tensors in a sum, in the order of {@link Step.Update}. */
    enum Kind {
      SAMPLE(Step.Update::samples),
      UNBLENDED(Step.Update::unblended),
      DENOISED(Step.Update::denoised),
      RAW(Step.Update::raw),
      UNGUIDED(Step.Update::unguided),
      MODEL_OUTPUT(Step.Update::modelOutputs),
      NOISE(Step.Update::noise);

      private final Function<Step.Update, double[]> factors;

      Kind(Function<Step.Update, double[]> factors) {
        this.factors = factors;
      }
    }

    /**
     * All terms that any row of a plan has, so that one sum serves every row; factors of a row may
     * be 0.
     */
    static List<Term> of(SamplingPlan plan) {
      List<Term> terms = new ArrayList<>();
      for (Kind kind : Kind.values()) {
        for (int back = 0; back < plan.historyLength(); back++) {
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

    /** Returns true if the tensor exists before the row calls the network. */
    boolean isKnownBefore() {
      return back > 0 || kind == Kind.SAMPLE || kind == Kind.UNBLENDED;
    }

    /** Returns true if one of the terms is noise. */
    static boolean needsNoise(List<Term> terms) {
      return terms.stream().anyMatch(term -> term.kind == Kind.NOISE);
    }

    /** The kinds, other than samples, that a row computes and later rows use. */
    static List<Kind> keptKinds(List<Term> terms) {
      return terms.stream()
          .filter(term -> term.back > 0)
          .map(Term::kind)
          .filter(kind -> kind != Kind.SAMPLE && kind != Kind.UNBLENDED)
          .distinct()
          .toList();
    }
  }
}
