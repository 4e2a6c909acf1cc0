package dev.likeness.diffusion.model;

import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.vae.Autoencoder;
import dev.likeness.schedulers.SchedulerConfig;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/** The networks of a base model of any family, opened and checked: what every family has. Shared by threads. */
public interface Networks extends AutoCloseable {
  Compute compute();

  Autoencoder autoencoder();

  /** The scheduler that the model came with. */
  SchedulerConfig scheduler();

  /** The names of a part's tensors, from which adapters learn its modules; empty for a part that the model lacks. */
  Set<String> tensorNames(Part part);

  /** The shape of one of {@link #tensorNames}. */
  long[] tensorShape(Part part, String name);

  /** One of {@link #tensorNames}, placed; shared with every network and owned by this. */
  Tensor tensor(Part part, String name);

  @Override
  void close();
}
