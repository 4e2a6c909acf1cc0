package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.file.ModelConfig;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.nn.Weights;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.bytedeco.pytorch.Tensor;

/** The opened networks of a base model of any family. Thread-safe. */
public interface OpenNetworks extends ModelComponent.Tensors, AutoCloseable {
  Compute compute();

  Autoencoder autoencoder();

  /** The scheduler that the model came with. */
  SchedulerConfig scheduler();

  /** A component's tensors, owned by this; null for a component that the model lacks. */
  LoadedWeights weights(ModelComponent part);

  /** The denoising network's component. */
  default ModelComponent denoiser() {
    return weights(ModelComponent.UNET) == null ? ModelComponent.TRANSFORMER : ModelComponent.UNET;
  }

  @Override
  default Set<String> tensorNames(ModelComponent part) {
    LoadedWeights weights = weights(part);
    return weights == null ? Set.of() : weights.names();
  }

  @Override
  default long[] tensorShape(ModelComponent part, String name) {
    return weights(part).shape(name);
  }

  /** One of {@link #tensorNames} on the device; shared with every network and owned by this. */
  default Tensor tensor(ModelComponent part, String name) {
    LoadedWeights weights = weights(part);
    return weights.get(name, weights.shape(name));
  }

  /**
   * One of {@link #tensorNames} for a single read. If no network has loaded it, the calling scope
   * owns it, so the memory plan is kept.
   */
  default Tensor read(ModelComponent part, String name) {
    return weights(part).read(name);
  }

  @Override
  void close();

  /** The opened resources of a model, closed together in reverse order, even if one fails. */
  static final class OwnedResources implements AutoCloseable {
    private final Deque<AutoCloseable> resources = new ArrayDeque<>();

    <T extends AutoCloseable> T add(T part) {
      resources.push(part);
      return part;
    }

    @Override
    public void close() {
      RuntimeException failure = null;
      while (!resources.isEmpty()) {
        try {
          resources.pop().close();
        } catch (Exception e) {
          failure = failure == null
              ? new IllegalStateException(
                  "a component of the model cannot be closed: " + e.getMessage(), e)
              : failure;
        }
      }
      if (failure != null) {
        throw failure;
      }
    }
  }

  /**
   * A model's transformer, opened.
   *
   * @param <C> its config
   * @param <T> the network
   */
  public record Network<C, T>(C config, LoadedWeights weights, BiFunction<C, Weights, T> network)
      implements AutoCloseable {
    /** Opens the transformer. The caller calls {@link #check}. */
    public static <C, T> Network<C, T> of(
        ModelParts files,
        Compute compute,
        Function<ModelConfig, C> config,
        BiFunction<C, Weights, T> network) {
      return new Network<>(
          config.apply(files.config(ModelComponent.TRANSFORMER.folder())),
          files.load(ModelComponent.TRANSFORMER.folder(), compute),
          network);
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
}
