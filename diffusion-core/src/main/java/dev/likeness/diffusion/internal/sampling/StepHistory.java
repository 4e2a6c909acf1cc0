package dev.likeness.diffusion.internal.sampling;

import dev.likeness.diffusion.internal.sampling.Term.Kind;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.schedulers.Step;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/**
 * What the rows of a run made that later ones sum, newest first: samples as the network was given
 * them and as the rows before made them, predictions, answers and noises.
 */
final class StepHistory {
  private final List<Term> terms;
  private final Map<Kind, Deque<Tensor>> kept = new EnumMap<>(Kind.class);

  /** Before the first row; what it keeps belongs to the calling scope. */
  StepHistory(List<Term> terms, Tensor start) {
    this.terms = terms;
    for (Kind kind : Kind.values()) {
      kept.put(kind, new ArrayDeque<>());
    }
    kept.get(Kind.SAMPLE).push(start.alias());
    kept.get(Kind.ARRIVED).push(start.alias());
  }

  /** The newest sample. */
  Tensor sample() {
    return kept.get(Kind.SAMPLE).peek();
  }

  /**
   * The sample and the terms that were made before this row, in their order. The sample stands in
   * for what is not made yet and does not count.
   */
  List<Tensor> given(Step step) {
    List<Tensor> given = new ArrayList<>(List.of(sample()));
    terms.stream().filter(Term::isGiven).forEach(term -> given.add(at(term, step)));
    return given;
  }

  private Tensor at(Term term, Step step) {
    Deque<Tensor> all = kept.get(term.kind());
    int place =
        term.kind() == Kind.SAMPLE || term.kind() == Kind.ARRIVED ? term.back() : term.back() - 1;
    if (place < all.size()) {
      Iterator<Tensor> newest = all.iterator();
      for (int i = 0; i < place; i++) {
        newest.next();
      }
      return newest.next();
    }
    if (term.factor(step) != 0) {
      throw new IllegalArgumentException(
          "row " + step.index() + " of the plan sums what was made " + term.back()
              + " rows before it, but the run has only begun; a plan may sum what its own rows made");
    }
    return sample();
  }

  /**
   * Keeps what a row made, beyond {@code scope}, as long as a later row may read it.
   *
   * @param made the outputs of {@link SamplingStep}
   * @param sample the next sample as it goes on
   */
  void advance(TensorScope scope, Tensor[] made, Tensor sample) {
    keep(scope, Kind.SAMPLE, sample);
    keep(scope, Kind.ARRIVED, made[0]);
    List<Kind> carried = Term.carried(terms);
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
    int most = kind == Kind.SAMPLE || kind == Kind.ARRIVED ? reach + 1 : reach;
    Deque<Tensor> all = kept.get(kind);
    // A handle of its own: a row may have made one tensor in two places.
    all.push(scope.promote(newest.alias()));
    while (all.size() > most) {
      scope.release(all.removeLast());
    }
  }
}
