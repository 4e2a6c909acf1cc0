package dev.likeness.diffusion.internal.family;

import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.schedulers.SchedulerConfig;

/** Base class of the opened networks of a family. */
public abstract class NetworksBase implements OpenNetworks {
  private final OpenNetworks.OwnedResources resources = new OpenNetworks.OwnedResources();
  private final Compute compute;
  private final SchedulerConfig scheduler;

  /** Checks that the model has no networks of unsupported pipelines. */
  protected NetworksBase(ModelParts files, Compute compute, SchedulerConfig scheduler) {
    files.requireNoOtherNetworks();
    this.compute = compute;
    this.scheduler = scheduler;
  }

  /** Takes ownership of a resource, which is closed with the others. */
  protected final <T extends AutoCloseable> T own(T part) {
    return resources.add(part);
  }

  @Override
  public final Compute compute() {
    return compute;
  }

  @Override
  public final SchedulerConfig scheduler() {
    return scheduler;
  }

  @Override
  public final void close() {
    resources.close();
  }
}
