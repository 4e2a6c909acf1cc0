package dev.likeness.lora.training;

/**
 * An estimate of the peak resident memory of a training (Linux's {@code VmHWM}), made before the
 * training starts. It includes Java and libtorch.
 *
 * @param weights bytes of the base's networks
 * @param trained bytes of the trained values, their gradients, the optimiser's state and the moving
 *     average
 * @param activations bytes of activations that are kept for the backward pass
 * @param generation bytes that the autoencoder needs for validation images and class images
 * @param process bytes of Java and libtorch themselves
 */
public record TrainingMemory(
    long weights, long trained, long activations, long generation, long process) {
  /** {@return the sum of all parts, in bytes} */
  public long bytes() {
    return weights + trained + activations + generation + process;
  }

  @Override
  public String toString() {
    return mib(bytes()) + " MiB: " + mib(weights) + " of weights, " + mib(trained)
        + " of trained values, " + mib(activations) + " of activations, "
        + (generation > 0 ? mib(generation) + " of generation, " : "") + mib(process)
        + " of the process";
  }

  private static long mib(long bytes) {
    return bytes >> 20;
  }
}
