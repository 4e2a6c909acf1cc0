package dev.likeness.diffusion.tensor;

import com.sun.management.OperatingSystemMXBean;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.natives.LibTorch;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.SizeTPair;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.cuda.CUDAAllocator;
import org.bytedeco.pytorch.cuda.DeviceStats;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.bytedeco.pytorch.global.torch_cuda;

/**
 * The memory of a place to compute, in bytes, asked of those who give it out: of a graphics card
 * its driver, and libtorch's caching allocator for this process's part; of the CPU the operating
 * system.
 *
 * @param total of the card; of the machine, or the container that it is to this process
 * @param free what nobody has taken
 * @param used what this process's tensors take on the card; on the CPU the process's resident
 *     memory, mapped pages included; {@link #UNKNOWN} where the system does not tell (other than
 *     Linux)
 * @param reserved what libtorch holds of the card for this process, used or not; on the CPU the
 *     same as {@code used}
 * @param peak the most that {@code used} has been since the process began; or {@link #UNKNOWN}
 */
public record DeviceMemory(long total, long free, long used, long reserved, long peak) {
  /** A number that the system does not tell. */
  public static final long UNKNOWN = -1;

  private static final double GIB = 1L << 30;

  /**
   * As it is now.
   *
   * @throws ResourceLimitException when the card cannot be asked; says what is missing
   */
  public static DeviceMemory of(Compute compute) {
    return compute.isCpu() ? ofHost() : ofDevice(compute.requireAvailable().device());
  }

  /** The same, empty when it cannot be asked for. */
  public static Optional<DeviceMemory> find(Compute compute) {
    try {
      return Optional.of(of(compute));
    } catch (ResourceLimitException e) {
      return Optional.empty();
    }
  }

  /** The machine's and this process's. */
  public static DeviceMemory ofHost() {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    List<String> status = status();
    long resident = kilobytes(status, "VmRSS:");
    return new DeviceMemory(
        system.getTotalMemorySize(),
        system.getFreeMemorySize(),
        resident,
        resident,
        kilobytes(status, "VmHWM:"));
  }

  private static DeviceMemory ofDevice(String device) {
    try {
      return CudaMemory.of(device);
    } catch (LinkageError | RuntimeException e) {
      throw new ResourceLimitException(
          "the memory of " + device + " cannot be asked for (" + LibTorch.firstLine(e) + "); "
              + Compute.CUDA_REQUIREMENTS,
          e);
    }
  }

  private static List<String> status() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status"));
    } catch (IOException notLinux) {
      return List.of();
    }
  }

  private static long kilobytes(List<String> status, String what) {
    return status.stream()
        .filter(line -> line.startsWith(what))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .findFirst()
        .orElse(UNKNOWN);
  }

  /** Total and free in GiB. */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.1f GiB, %.1f GiB free", total / GIB, free / GIB);
  }

  /**
   * Asks a graphics card's driver and libtorch's allocator. Needs {@code org.bytedeco:cuda} and
   * pytorch's natives for it.
   */
  static final class CudaMemory {
    private CudaMemory() {}

    /** Of {@code cuda} or {@code cuda:1}. */
    static DeviceMemory of(String device) {
      try (PointerScope scope = new PointerScope()) {
        // The allocator of a device is made with its first tensor.
        Tensor first = torch.zeros(
            new long[] {1},
            new TensorOptions(ScalarType.Float).device(new DeviceOptional(new Device(device))));
        byte index = first.device().index();
        CUDAAllocator allocator = torch_cuda.getAllocator();
        SizeTPair info = allocator.getMemoryInfo(index);
        DeviceStats stats = allocator.getDeviceStats(index);
        return new DeviceMemory(
            info.second(),
            info.first(),
            stats.allocated_bytes().current(),
            stats.reserved_bytes().current(),
            stats.allocated_bytes().peak());
      }
    }
  }
}
