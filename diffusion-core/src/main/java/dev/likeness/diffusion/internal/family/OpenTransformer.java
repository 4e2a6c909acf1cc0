package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.memory.BlockNames;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.tensor.Compute;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;

/**
 * A model's transformer, opened.
 *
 * @param <C> its config
 * @param <T> the network
 */
public record OpenTransformer<C, T>(
    C config, LoadedWeights weights, BiFunction<C, Weights, T> network) implements OpenComponent {
  /** Opens the transformer. The caller calls {@link #check}. */
  public static <C, T> OpenTransformer<C, T> of(
      ModelComponents files,
      Compute compute,
      BlockNames blocks,
      Function<ModelConfig, C> config,
      BiFunction<C, Weights, T> network) {
    return new OpenTransformer<>(
        config.apply(files.config(ModelComponent.TRANSFORMER.folder())),
        files.load(ModelComponent.TRANSFORMER.folder(), compute, blocks),
        network);
  }

  @Override
  public ModelComponent component() {
    return ModelComponent.TRANSFORMER;
  }

  /** Checks every tensor against the config. */
  public void check() {
    weights.check(tensors -> network.apply(config, tensors), Set.of());
    weights.loadViews();
  }

  /** The adapted network. */
  public T adapted(Adaptation adaptation) {
    return network.apply(config, Weights.of(weights, adaptation));
  }

  @Override
  public void close() {
    weights.close();
  }
}
