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
import org.bytedeco.cuda.cudart.cudaDeviceProp;
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
 * The memory of a device, in bytes.
 *
 * <p>The numbers of a GPU come from the driver and from libtorch's caching allocator. The numbers
 * of the CPU come from the operating system.
 *
 * @param total the total memory of the GPU; on the CPU, the memory of the machine or of the
 *     container
 * @param free the memory that is not in use; on the CPU, the system's file cache counts as used
 * @param used the memory of this process's tensors on the GPU; on the CPU, the process's resident
 *     memory including mapped files. On systems other than Linux, the value for the CPU is
 *     {@link #UNKNOWN}
 * @param reserved the memory that libtorch's allocator has reserved on the GPU, including unused
 *     memory; on the CPU, the same as {@code used}
 * @param peak the largest value of {@code used} since the process started, or {@link #UNKNOWN}
 */
public record DeviceMemory(long total, long free, long used, long reserved, long peak) {
  /** Stands for a number that the system does not report. */
  public static final long UNKNOWN = -1;

  private static final double GIB = 1L << 30;

  /**
   * {@return the current memory of a device}
   *
   * @param compute the device; its element type does not matter
   * @throws ResourceLimitException if the GPU's memory cannot be read. The message names the
   *     library that is missing, or the number of GPUs if no GPU has this index
   */
  public static DeviceMemory of(Compute compute) {
    return compute.isCpu() ? ofHost() : ofDevice(compute.requireAvailable().device());
  }

  /**
   * {@return the current memory of a device; empty if the memory cannot be read}
   *
   * @param compute the device; its element type does not matter
   */
  public static Optional<DeviceMemory> find(Compute compute) {
    try {
      return Optional.of(of(compute));
    } catch (ResourceLimitException e) {
      return Optional.empty();
    }
  }

  /** {@return the current memory of the machine and of this process} */
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
          "the memory of " + device + " cannot be read (" + LibTorch.firstLine(e) + "); "
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

  /** {@return total and free memory in GiB} */
  @Override
  public String toString() {
    return String.format(Locale.ROOT, "%.1f GiB, %.1f GiB free", total / GIB, free / GIB);
  }

  /**
   * Reads properties of GPUs from the driver and libtorch's allocator. Needs
   * {@code org.bytedeco:cuda} and the matching native libraries of pytorch.
   */
  static final class CudaMemory {
    private CudaMemory() {}

    /** Returns ten times the compute capability of a GPU. */
    static int capability(int index) {
      cudaDeviceProp properties = torch_cuda.getDeviceProperties((byte) index);
      return 10 * properties.major() + properties.minor();
    }

    /**
     * Returns the memory of a GPU.
     *
     * @param device {@code cuda} or {@code cuda:1}
     */
    static DeviceMemory of(String device) {
      try (PointerScope scope = new PointerScope()) {
        // libtorch creates a device's allocator with the first tensor on it.
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
