package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.EnumMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/** The opened networks of a base model, extended by each family. Thread-safe. */
public abstract class OpenNetworks implements ModelComponent.Tensors, AutoCloseable {
  private final Deque<AutoCloseable> resources = new ArrayDeque<>();
  private final Map<ModelComponent, LoadedWeights> weights = new EnumMap<>(ModelComponent.class);
  private final Compute compute;
  private final SchedulerConfig scheduler;

  /** Checks that the model has no networks of unsupported pipelines. */
  protected OpenNetworks(ModelComponents files, Compute compute, SchedulerConfig scheduler) {
    files.requireNoOtherNetworks();
    this.compute = compute;
    this.scheduler = scheduler;
  }

  /** Takes ownership of a resource, which is closed with the others. */
  protected final <T extends AutoCloseable> T own(T resource) {
    resources.push(resource);
    return resource;
  }

  /** Takes ownership of a component; its tensors are those that {@link #weights} returns. */
  protected final <T extends OpenComponent> T ownComponent(T opened) {
    return own(opened.component(), opened, opened.weights());
  }

  /** Takes ownership of a component with these tensors. */
  protected final <T extends AutoCloseable> T own(
      ModelComponent component, T opened, LoadedWeights tensors) {
    weights.put(component, tensors);
    return own(opened);
  }

  /** The device and the element type of the networks. */
  public final Compute compute() {
    return compute;
  }

  /** The scheduler that the model came with. */
  public final SchedulerConfig scheduler() {
    return scheduler;
  }

  public abstract Autoencoder autoencoder();

  /** A component's tensors, owned by this; null for a component that the model lacks. */
  public final LoadedWeights weights(ModelComponent component) {
    return weights.get(component);
  }

  @Override
  public final Set<String> tensorNames(ModelComponent component) {
    LoadedWeights weights = weights(component);
    return weights == null ? Set.of() : weights.names();
  }

  @Override
  public final long[] tensorShape(ModelComponent component, String name) {
    return weights(component).shape(name);
  }

  /** One of {@link #tensorNames} on the device; shared with every network and owned by this. */
  public final Tensor tensor(ModelComponent component, String name) {
    LoadedWeights weights = weights(component);
    return weights.get(name, weights.shape(name));
  }

  /** Closes the resources in reverse order, all of them even if one fails. */
  @Override
  public final void close() {
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
