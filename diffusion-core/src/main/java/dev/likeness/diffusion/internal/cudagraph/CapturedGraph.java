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

/** A captured graph with the buffers that it reads and writes. */
final class CapturedGraph implements AutoCloseable {
  private final TensorRegion buffers = new TensorRegion();
  private final Tensor[] inputs;
  private final ScalarBuffer scalars;
  private final GraphRunner.Capture.Graph graph;
  private TensorRegion outputRegion = new TensorRegion();
  private Tensor[] outputs;

  /** Captures {@code work} over buffers of the shapes of {@code given}. */
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

  /** Does the work. Its outputs keep their addresses until it is done again. */
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
   * Replays the graph for another row and inputs of the same shapes. Returns outputs in memory of
   * their own, which the calling scope owns.
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

  /** Closes the graph first: that waits until the device has finished with the buffers. */
  @Override
  public void close() {
    try {
      graph.close();
    } finally {
      free();
    }
  }

  /**
   * The numbers of a row in a small buffer of fixed address, where the captured work reads those of
   * any row.
   */
  static final class ScalarBuffer implements StepScalars {
    private static final int MAX_SCALARS = 64;

    private final Tensor buffer;
    private final List<ToDoubleFunction<Step>> scalars = new ArrayList<>();
    private int next;

    /** Creates the numbers over {@code buffer}, [{@link #MAX_SCALARS}], f32. */
    ScalarBuffer(Tensor buffer) {
      this.buffer = buffer;
    }

    /** Allocates a buffer on the device of {@code there}; owned by the calling scope. */
    static Tensor allocate(Tensor there) {
      return torch.zeros(MAX_SCALARS).to(there.device(), torch.ScalarType.Float);
    }

    /** Starts again: the work asks for the same numbers in the same order. */
    void reset() {
      next = 0;
    }

    /** Writes the numbers of another row that the work asked for in its last run. */
    void update(Step step) {
      float[] values = new float[MAX_SCALARS];
      for (int i = 0; i < scalars.size(); i++) {
        values[i] = (float) scalars.get(i).applyAsDouble(step);
      }
      Tensors.copyInto(buffer, torch.tensor(values));
    }

    private Tensor nextScalar(ToDoubleFunction<Step> number) {
      if (next == MAX_SCALARS) {
        throw new IllegalStateException("a sampling step uses more than " + MAX_SCALARS
            + " scalars, the limit of a captured graph");
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
