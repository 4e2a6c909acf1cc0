package dev.likeness.diffusion.internal.cudagraph;

import dev.likeness.diffusion.internal.tensor.TensorRegion;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.schedulers.Step;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/** One recording with the buffers that it reads and writes. */
final class CapturedGraph implements AutoCloseable {
  private final TensorRegion buffers = new TensorRegion();
  private final Tensor[] inputs;
  private final Slots numbers;
  private final Recorder.Recording recording;
  private TensorRegion held = new TensorRegion();
  private Tensor[] outputs;

  /** Records {@code work} over buffers like {@code given}. */
  CapturedGraph(Recorder recorder, StepRunner.Work work, Tensor... given) {
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
}
