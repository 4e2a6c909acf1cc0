package dev.likeness.diffusion.internal.memory;

import dev.likeness.diffusion.internal.adapter.GradientGuidance.NetworkGradient;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DeviceMemory;

/**
 * The memory of a gradient through the denoising network with respect to the sample, for gradient
 * guidance.
 *
 * @param weights the network's weights
 * @param kept bytes of the activations that a backward pass needs
 * @param recomputed bytes if the backward pass computes each block again
 * @param available bytes that are not used
 */
public record GradientMemory(
    LoadedWeights weights, double kept, double recomputed, double available) {
  /** Of the available memory, the share that activations may take. */
  private static final double SHARE = 0.7;

  /**
   * Counts the layers of a network, none of which is trained.
   *
   * @param rows the rows of a batch: images, twice with guidance
   */
  public static GradientMemory of(
      LoadedWeights weights, NetworkLayout layout, double rows, Compute compute) {
    BackwardMemory backward = new BackwardMemory(layout, compute.dtype());
    for (String name : weights.names()) {
      long[] shape = weights.shape(name);
      if (shape.length >= 2 && name.endsWith(".weight")) {
        backward.addLayer(name.substring(0, name.length() - ".weight".length()), shape, false);
      }
    }
    DeviceMemory memory = DeviceMemory.find(compute).orElse(null);
    return new GradientMemory(
        weights,
        rows * backward.keptBytes(),
        rows * backward.recomputedBytes(),
        memory == null ? Double.POSITIVE_INFINITY : memory.total() - Math.max(0, memory.used()));
  }

  /**
   * Chooses the gradient through the network if it fits, else the one that leaves it out.
   *
   * @param windowed true if the sample is computed in windows
   */
  public NetworkGradient choose(boolean windowed) {
    if (!weights.isCompressed() && kept <= SHARE * available) {
      return NetworkGradient.KEPT;
    }
    return !weights.isStreamed() && !windowed && recomputed <= SHARE * available
        ? NetworkGradient.RECOMPUTED
        : NetworkGradient.LEFT_OUT;
  }
}
