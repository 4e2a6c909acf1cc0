package dev.likeness.diffusion.internal.tensor;

import dev.likeness.diffusion.tensor.Compute;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;

/**
 * Brings tensors of the host to a device without waiting for it: onto a graphics card through
 * page-locked memory and a copy in the card's queue. That memory is of libtorch's own cache, which
 * marks each block with an event behind the copy and gives it out again only when the event has
 * passed, so the host may drop the tensor at once.
 */
public final class Tensors {
  private Tensors() {}

  /**
   * {@code host} (CPU) on the device of {@code there}, of its own type; the same tensor where it is
   * there already.
   */
  public static Tensor beside(Tensor there, Tensor host) {
    return there.is_cuda() ? copied(host, there.device()) : host;
  }

  /**
   * {@code host} (CPU) on the device of {@code compute}, of its own type; the same tensor where
   * that is the CPU.
   */
  public static Tensor to(Compute compute, Tensor host) {
    return compute.onCpu() ? host : copied(host, new Device(compute.device()));
  }

  private static Tensor copied(Tensor host, Device device) {
    return host.pin_memory()
        .to(device, host.scalar_type(), true, false, new MemoryFormatOptional());
  }

  /** Overwrites {@code there} with {@code host} (CPU), of the same shape. */
  public static void into(Tensor there, Tensor host) {
    there.copy_(there.is_cuda() ? host.pin_memory() : host, true);
  }
}
