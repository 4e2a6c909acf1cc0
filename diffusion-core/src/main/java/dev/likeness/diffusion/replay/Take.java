package dev.likeness.diffusion.replay;

import dev.likeness.diffusion.tensor.TensorRegion;
import dev.likeness.diffusion.tensor.TensorScope;
import org.bytedeco.pytorch.Tensor;

/** One recording with the buffers that it reads and writes. */
final class Take implements AutoCloseable {
  private final TensorRegion buffers = new TensorRegion();
  private final Tensor[] inputs;
  private final Recorder.Recording recording;
  private TensorRegion held = new TensorRegion();
  private Tensor output;

  /** Records {@code work} over buffers like {@code given}. */
  Take(Recorder recorder, Runner.Work work, Tensor... given) {
    inputs = new Tensor[given.length];
    try (TensorScope scope = TensorScope.open()) {
      for (int i = 0; i < given.length; i++) {
        inputs[i] = buffers.keep(given[i].clone());
      }
      recording = recorder.record(() -> write(work));
    } catch (RuntimeException e) {
      free();
      throw e;
    }
  }

  /** Does the work; its output stays where it is until it is done again. */
  private void write(Runner.Work work) {
    try (TensorScope scope = TensorScope.open()) {
      TensorRegion next = new TensorRegion();
      output = next.keep(work.of(inputs));
      held.close();
      held = next;
    }
  }

  /** The output for other inputs of the same shapes, in memory of its own; the calling scope owns it. */
  Tensor play(Tensor... given) {
    for (int i = 0; i < given.length; i++) {
      inputs[i].copy_(given[i]);
    }
    recording.replay();
    return output.clone();
  }

  private void free() {
    held.close();
    buffers.close();
  }

  /** The recording first: it waits until the device no longer works in the buffers. */
  @Override
  public void close() {
    recording.close();
    free();
  }
}
