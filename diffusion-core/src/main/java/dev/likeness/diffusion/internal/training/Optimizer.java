package dev.likeness.diffusion.internal.training;

import java.util.Map;
import org.bytedeco.pytorch.Tensor;

/** Moves weights against their gradients. One thread; owns its state until closed. */
public interface Optimizer extends AutoCloseable {
  /** Moves every parameter that has a gradient and forgets the gradients. */
  void step(Map<String, Tensor> parameters, double learningRate);

  /** How many steps were taken. */
  long steps();

  /** What a checkpoint keeps of it, by name; owned by this. */
  Map<String, Tensor> tensors();

  /**
   * Goes on from a checkpoint: copies of what {@link #tensors} gave, and how many steps they have
   * seen.
   */
  void resume(long stepsTaken, Map<String, Tensor> saved);

  @Override
  void close();
}
