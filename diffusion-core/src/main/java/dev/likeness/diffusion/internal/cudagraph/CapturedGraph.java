package dev.likeness.diffusion.internal.cudagraph;

import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.schedulers.Step;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** One recording with the buffers that it reads and writes. */
final class CapturedGraph implements AutoCloseable {
  private final TensorRegion buffers = new TensorRegion();
  private final Tensor[] inputs;
  private final Slots numbers;
  private final GraphRunner.Capture.Recording recording;
  private TensorRegion held = new TensorRegion();
  private Tensor[] outputs;

  /** Records {@code work} over buffers like {@code given}. */
  CapturedGraph(GraphRunner.Capture recorder, StepRunner.Work work, Tensor... given) {
    inputs = new Tensor[given.length];
    try (TensorScope scope = TensorScope.open()) {
      for (int i = 0; i < given.length; i++) {
        inputs[i] = buffers.keep(given[i].clone());
      }
      numbers = new Slots(buffers.keep(Slots.room(given[0])));
      recording = recorder.record(() -> write(work));
    } catch (RuntimeException e) {
      free();
      throw e;
    }
  }

  /** Does the work; its outputs stay where they are until it is done again. */
  private void write(StepRunner.Work work) {
    try (TensorScope scope = TensorScope.open()) {
      TensorRegion next = new TensorRegion();
      numbers.rewind();
      outputs = work.of(numbers, inputs);
      Arrays.stream(outputs).forEach(next::keep);
      held.close();
      held = next;
    }
  }

  /**
   * The outputs for another row and inputs of the same shapes, in memory of their own; the calling
   * scope owns them.
   */
  Tensor[] play(Step step, Tensor... given) {
    numbers.fill(step);
    for (int i = 0; i < given.length; i++) {
      inputs[i].copy_(given[i]);
    }
    recording.replay();
    return Arrays.stream(outputs).map(Tensor::clone).toArray(Tensor[]::new);
  }

  private void free() {
    held.close();
    buffers.close();
  }

  /** The recording first: it waits until the device no longer works in the buffers. */
  @Override
  public void close() {
    try {
      recording.close();
    } finally {
      free();
    }
  }

  /**
   * A row's numbers in a small buffer that stays where it is, so that what was recorded reads those
   * of any row there.
   */
  static final class Slots implements StepScalars {
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
}
