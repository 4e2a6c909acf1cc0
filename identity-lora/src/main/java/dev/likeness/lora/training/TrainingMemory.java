package dev.likeness.lora.training;

/**
 * What a training takes of memory at its height, reckoned before it begins: of the resident memory
 * of the process (Linux's {@code VmHWM}), Java and libtorch included.
 *
 * @param weights bytes of the base's own networks
 * @param trained bytes of what is learned, its gradients, the optimiser's state and the average
 * @param activations bytes that the way forward keeps for the way back
 * @param generation bytes that the autoencoder takes for images drawn on the way: previews, and
 *     images of the class
 * @param process bytes of Java and libtorch themselves
 */
public record TrainingMemory(
    long weights, long trained, long activations, long generation, long process) {
  /** All of it. */
  public long bytes() {
    return weights + trained + activations + generation + process;
  }

  @Override
  public String toString() {
    return mib(bytes()) + " MiB: " + mib(weights) + " of weights, " + mib(trained)
        + " of what is learned, " + mib(activations) + " of activations, "
        + (generation > 0 ? mib(generation) + " of drawing, " : "") + mib(process)
        + " of the process";
  }

  private static long mib(long bytes) {
    return bytes >> 20;
  }
}
