package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.internal.adapter.GradientGuidance.NetworkGradient;
import dev.likeness.diffusion.internal.family.LayerPositions;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.DeviceMemory;
import java.util.HashMap;
import java.util.Map;

/**
 * The memory of a gradient through the denoising network, estimated from the shapes of its layers.
 *
 * @param weights the network's weights
 * @param kept bytes of the activations that a backward pass needs
 * @param recomputed bytes if the backward pass computes each block again
 * @param available bytes that are not used
 * @param windowed true if the sample is computed in windows
 */
record GradientMemory(
    LoadedWeights weights, double kept, double recomputed, double available, boolean windowed) {
  /** Of the available memory, the share that activations may take. */
  private static final double SHARE = 0.7;
  /** The ratio of an allocator's heap to the memory in use, and tensors between layers. */
  private static final double OVERHEAD = 1.65;

  static GradientMemory of(OpenModel model, Batch batch) {
    ImageRequest request = batch.request();
    int factor = model.autoencoder().vaeScaleFactor();
    int places = request.width().getAsInt() / factor * (request.height().getAsInt() / factor);
    double rows = batch.images().size() * (model.guidanceScale(request) > 1 ? 2 : 1);
    LoadedWeights weights = model.weights(model.denoiser());
    LayerPositions positions = model
        .capability(TrainingTarget.class)
        .map(target -> target.layerPositions(places))
        .orElse(null);
    long tokens = model.latents().tokens(request);
    Map<String, Double> blocks = new HashMap<>();
    double ends = 0;
    for (String name : weights.names()) {
      long[] shape = weights.shape(name);
      if (shape.length < 2 || !name.endsWith(".weight")) {
        continue;
      }
      String path = name.substring(0, name.length() - ".weight".length());
      double at = positions == null ? tokens : positions.positions(path);
      String block = positions == null ? null : positions.block(path);
      blocks.merge(block == null ? path : block, at * (shape[0] + shape[1]), Double::sum);
      ends += positions == null || positions.endsBlock(path) ? at * shape[0] : 0;
    }
    double bytes = OVERHEAD * rows * model.compute().dtype().bits() / Byte.SIZE;
    double all = blocks.values().stream().mapToDouble(d -> d).sum();
    double largest = blocks.values().stream().mapToDouble(d -> d).max().orElse(0);
    DeviceMemory memory = DeviceMemory.find(model.compute()).orElse(null);
    return new GradientMemory(
        weights,
        bytes * all,
        bytes * (largest + 2 * ends),
        memory == null ? Double.POSITIVE_INFINITY : memory.total() - Math.max(0, memory.used()),
        request.tiling().windows().isPresent());
  }

  /** Chooses the gradient through the network if it fits, else the one that leaves it out. */
  NetworkGradient choose() {
    if (!weights.isCompressed() && kept <= SHARE * available) {
      return NetworkGradient.KEPT;
    }
    return !weights.isStreamed() && !windowed && recomputed <= SHARE * available
        ? NetworkGradient.RECOMPUTED
        : NetworkGradient.LEFT_OUT;
  }
}
