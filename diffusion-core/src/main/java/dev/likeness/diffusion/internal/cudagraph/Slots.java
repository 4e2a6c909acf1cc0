package dev.likeness.diffusion.internal.cudagraph;

import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.schedulers.Step;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * A row's numbers in a small buffer that stays where it is, so that what was recorded reads those
 * of any row there.
 */
final class Slots implements StepScalars {
  private static final int MOST = 64;

  private final Tensor buffer;
  private final List<ToDoubleFunction<Step>> numbers = new ArrayList<>();
  private int next;

  /** Slots in {@code buffer}, [{@link #MOST}], f32. */
  Slots(Tensor buffer) {
    this.buffer = buffer;
  }

  /** Room for the numbers of a row on the device of {@code there}; owned by the calling scope. */
  static Tensor room(Tensor there) {
    return torch.zeros(MOST).to(there.device(), torch.ScalarType.Float);
  }

  /** The work begins anew and asks for the same numbers again. */
  void rewind() {
    next = 0;
  }

  /** Brings in what the work asked for when it ran last, for another row. */
  void fill(Step step) {
    float[] values = new float[MOST];
    for (int i = 0; i < numbers.size(); i++) {
      values[i] = (float) numbers.get(i).applyAsDouble(step);
    }
    Tensors.into(buffer, torch.tensor(values));
  }

  private Tensor slot(ToDoubleFunction<Step> number) {
    if (next == MOST) {
      throw new IllegalStateException("a row of more than " + MOST + " numbers has no room");
    }
    if (next == numbers.size()) {
      numbers.add(number);
    }
    return buffer.narrow(0, next++, 1);
  }

  @Override
  public Tensor tensor(ToDoubleFunction<Step> number, Tensor there) {
    return slot(number);
  }

  @Override
  public Tensor times(Tensor x, ToDoubleFunction<Step> number) {
    return x.mul(slot(number));
  }

  @Override
  public Tensor plus(Tensor sum, Tensor term, ToDoubleFunction<Step> number) {
    return sum.addcmul_(term, slot(number));
  }
}
