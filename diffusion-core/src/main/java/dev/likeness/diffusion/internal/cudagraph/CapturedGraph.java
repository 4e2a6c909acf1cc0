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
  private final ScalarBuffer scalars;
  private final GraphRunner.Capture.Graph graph;
  private TensorRegion outputRegion = new TensorRegion();
  private Tensor[] outputs;

  /** Records {@code work} over buffers like {@code given}. */
  CapturedGraph(GraphRunner.Capture capture, StepRunner.Work work, Tensor... given) {
    inputs = new Tensor[given.length];
    try (TensorScope scope = TensorScope.open()) {
      for (int i = 0; i < given.length; i++) {
        inputs[i] = buffers.keep(given[i].clone());
      }
      scalars = new ScalarBuffer(buffers.keep(ScalarBuffer.allocate(given[0])));
      graph = capture.capture(() -> run(work));
    } catch (RuntimeException e) {
      free();
      throw e;
    }
  }

  /** Does the work; its outputs stay where they are until it is done again. */
  private void run(StepRunner.Work work) {
    try (TensorScope scope = TensorScope.open()) {
      TensorRegion next = new TensorRegion();
      scalars.reset();
      outputs = work.compute(scalars, inputs);
      Arrays.stream(outputs).forEach(next::keep);
      outputRegion.close();
      outputRegion = next;
    }
  }

  /**
   * The outputs for another row and inputs of the same shapes, in memory of their own; the calling
   * scope owns them.
   */
  Tensor[] replay(Step step, Tensor... given) {
    scalars.update(step);
    for (int i = 0; i < given.length; i++) {
      inputs[i].copy_(given[i]);
    }
    graph.replay();
    return Arrays.stream(outputs).map(Tensor::clone).toArray(Tensor[]::new);
  }

  private void free() {
    outputRegion.close();
    buffers.close();
  }

  /** The recording first: it waits until the device no longer works in the buffers. */
  @Override
  public void close() {
    try {
      graph.close();
    } finally {
      free();
    }
  }

  /**
   * A row's numbers in a small buffer that stays where it is, so that what was recorded reads those
   * of any row there.
   */
  static final class ScalarBuffer implements StepScalars {
    private static final int MAX_SCALARS = 64;

    private final Tensor buffer;
    private final List<ToDoubleFunction<Step>> scalars = new ArrayList<>();
    private int next;

    /** Slots in {@code buffer}, [{@link #MAX_SCALARS}], f32. */
    ScalarBuffer(Tensor buffer) {
      this.buffer = buffer;
    }

    /** Room for the numbers of a row on the device of {@code there}; owned by the calling scope. */
    static Tensor allocate(Tensor there) {
      return torch.zeros(MAX_SCALARS).to(there.device(), torch.ScalarType.Float);
    }

    /** The work begins anew and asks for the same numbers again. */
    void reset() {
      next = 0;
    }

    /** Brings in what the work asked for when it ran last, for another row. */
    void update(Step step) {
      float[] values = new float[MAX_SCALARS];
      for (int i = 0; i < scalars.size(); i++) {
        values[i] = (float) scalars.get(i).applyAsDouble(step);
      }
      Tensors.copyInto(buffer, torch.tensor(values));
    }

    private Tensor nextScalar(ToDoubleFunction<Step> number) {
      if (next == MAX_SCALARS) {
        throw new IllegalStateException(
            "a row of more than " + MAX_SCALARS + " numbers has no room");
      }
      if (next == scalars.size()) {
        scalars.add(number);
      }
      return buffer.narrow(0, next++, 1);
    }

    @Override
    public Tensor tensor(ToDoubleFunction<Step> number, Tensor there) {
      return nextScalar(number);
    }

    @Override
    public Tensor multiply(Tensor x, ToDoubleFunction<Step> number) {
      return x.mul(nextScalar(number));
    }

    @Override
    public Tensor addScaled(Tensor sum, Tensor term, ToDoubleFunction<Step> number) {
      return sum.addcmul_(term, nextScalar(number));
    }
  }
}
