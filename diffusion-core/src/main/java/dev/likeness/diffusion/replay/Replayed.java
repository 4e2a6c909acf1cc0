package dev.likeness.diffusion.replay;

import dev.likeness.diffusion.tensor.Compute;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Records work at its first run and replays it from then on, over buffers of its own that inputs are copied into. Work of
 * another layout, or over inputs of other shapes, is recorded for itself. What the device cannot record runs as it comes.
 */
public final class Replayed implements Runner {
  private static final Logger LOG = LoggerFactory.getLogger(Replayed.class);

  private final Recorder recorder;
  private final Map<Object, Take> takes = new HashMap<>();

  /** Nothing recorded yet. */
  public Replayed(Recorder recorder) {
    this.recorder = recorder;
  }

  /** On a graphics card the whole work is one CUDA graph; anywhere else it runs as it comes. */
  public static Runner on(Compute compute) {
    return compute.onCpu() ? Runner.PLAIN : new Replayed(new CudaRecorder());
  }

  @Override
  public Tensor run(Object layout, Work work, Tensor... inputs) {
    Object key = List.of(layout, Arrays.stream(inputs).map(input -> Arrays.toString(input.shape())).toList());
    if (!takes.containsKey(key)) {
      takes.put(key, take(work, inputs));
    }
    Take take = takes.get(key);
    return take == null ? work.of(inputs) : take.play(inputs);
  }

  private Take take(Work work, Tensor... inputs) {
    try {
      return new Take(recorder, work, inputs);
    } catch (RuntimeException e) {
      LOG.warn("a pass is not replayed but runs as it comes: {}", e.getMessage());
      return null;
    }
  }

  /** How many recordings there are. */
  int size() {
    return takes.size();
  }

  @Override
  public void close() {
    takes.values().stream().filter(take -> take != null).forEach(Take::close);
    takes.clear();
  }
}
