package dev.likeness.diffusion.sampling;

import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.schedulers.Update;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The last samples (as the network was given them, and as the rows before made them), predictions, answers and noises of a
 * run, newest first, and the sum that a row makes of them.
 */
final class History {
  private final int reach;
  private final Tensor start;
  private final Deque<Tensor> samples = new ArrayDeque<>();
  private final Deque<Tensor> arrived = new ArrayDeque<>();
  private final Deque<Tensor> denoised = new ArrayDeque<>();
  private final Deque<Tensor> raw = new ArrayDeque<>();
  private final Deque<Tensor> unguided = new ArrayDeque<>();
  private final Deque<Tensor> answers = new ArrayDeque<>();
  private final Deque<Tensor> noise = new ArrayDeque<>();

  History(int reach, Tensor start) {
    this.reach = reach;
    this.start = start;
    samples.push(start);
    arrived.push(start);
  }

  /** The newest sample. */
  Tensor sample() {
    return samples.peek();
  }

  /**
   * Takes in a row's predictions, the network's answer and noise (null when it drew none) and makes the next sample; what
   * it keeps outlives {@code scope}.
   */
  Tensor advance(TensorScope scope, Update update, Tensor newDenoised, Tensor newRaw, Tensor newUnguided,
      Tensor newAnswer, Tensor newNoise) {
    keep(scope, denoised, newDenoised);
    // Unclipped, the two are one tensor; a second handle keeps their lifetimes apart.
    keep(scope, raw, newRaw == newDenoised ? newRaw.alias() : newRaw);
    keep(scope, unguided, newUnguided == newRaw ? newRaw.alias() : newUnguided);
    keep(scope, answers, newAnswer.alias());
    keep(scope, noise, newNoise == null ? newRaw.new_zeros(1) : newNoise);
    Tensor next = null;
    next = add(next, update.samples(), samples);
    next = add(next, update.arrived(), arrived);
    next = add(next, update.denoised(), denoised);
    next = add(next, update.raw(), raw);
    next = add(next, update.unguided(), unguided);
    next = add(next, update.answers(), answers);
    next = add(next, update.noise(), noise);
    return next == null ? torch.zeros_like(newRaw) : next;
  }

  /** Takes in the next sample as the row made it and as it goes on. */
  void follow(TensorScope scope, Tensor made, Tensor sample) {
    keep(scope, arrived, made);
    keep(scope, samples, sample == made ? made.alias() : sample);
  }

  private void keep(TensorScope scope, Deque<Tensor> history, Tensor newest) {
    history.push(scope.promote(newest));
    if (history.size() > reach) {
      Tensor oldest = history.removeLast();
      if (oldest != start) {
        scope.release(oldest);
      }
    }
  }

  private static Tensor add(Tensor sum, double[] factors, Deque<Tensor> history) {
    Iterator<Tensor> terms = history.iterator();
    for (double factor : factors) {
      Tensor term = terms.next();
      if (factor != 0) {
        sum = sum == null ? term.mul(new Scalar(factor)) : sum.add_(term, new Scalar(factor));
      }
    }
    return sum;
  }
}
