package dev.likeness.diffusion.model;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.weights.LoadedWeights;
import dev.likeness.diffusion.weights.ModelConfig;
import dev.likeness.diffusion.weights.Weights;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A model's transformer, opened.
 *
 * @param <C> its config
 * @param <T> the network
 */
record OpenTransformer<C, T>(C config, LoadedWeights weights, BiFunction<C, Weights, T> network)
    implements AutoCloseable {
  /** Opens it; {@link #check} has still to be called. */
  static <C, T> OpenTransformer<C, T> of(
      ModelFiles files,
      Compute compute,
      Function<ModelConfig, C> config,
      BiFunction<C, Weights, T> network) {
    return new OpenTransformer<>(
        config.apply(files.config(Part.TRANSFORMER.folder())),
        files.load(Part.TRANSFORMER.folder(), compute),
        network);
  }

  /** Checks every tensor against the config. */
  void check() {
    weights.check(tensors -> network.apply(config, tensors), Set.of());
    weights.loadViews();
  }

  /** The network as an adaptation has it. */
  T adapted(Adaptation adaptation) {
    return network.apply(config, Weights.of(weights, adaptation));
  }

  @Override
  public void close() {
    weights.close();
  }
}
