package dev.likeness.diffusion.tensor;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.natives.CpuFeatures;
import dev.likeness.diffusion.internal.natives.LibTorch;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * The device and the element type of a computation.
 *
 * @param device {@code "cpu"}, {@code "cuda"} (the first GPU) or {@code "cuda:1"} (the second GPU)
 * @param dtype the type of weights and activations: f32, bf16 or f16; f16 on a GPU only
 */
public record Compute(String device, DType dtype) {
  /**
   * Single precision on the CPU. Apart from rounding errors, a model's results equal the results of
   * its reference implementation.
   */
  public static final Compute EXACT = new Compute("cpu", DType.F32);

  /** A text for error messages: the libraries and programs that computing on a GPU needs. */
  public static final String CUDA_REQUIREMENTS =
      "add dev.likeness:likeness-natives-cuda-linux-x86_64 (type pom; for the command likeness:"
          + " mvn package -P cuda), and install CUDA 13 with cuDNN 9 and NCCL";

  /** Ten times the first compute capability with products of f8: Ada. */
  private static final int F8_CAPABILITY = 89;

  /**
   * Checks that the device is known and that it supports the element type.
   *
   * @throws IllegalArgumentException if the text is not the name of a device, or if the device does
   *     not support the element type
   */
  public Compute {
    if (!device.matches("cpu|cuda(:\\d{1,4})?")) {
      throw new IllegalArgumentException(
          "unknown device \"" + device + "\"; known: cpu, cuda, cuda:<index>");
    }
    if (dtype != DType.F32 && dtype != DType.BF16 && dtype != DType.F16) {
      throw new IllegalArgumentException("cannot compute in " + dtype + "; known: f32, bf16, f16");
    }
    if (device.equals("cpu") && dtype == DType.F16) {
      throw new IllegalArgumentException(
          "f16 is not supported on a CPU, where it is slow and overflows; choose bf16 or f32");
    }
  }

  /**
   * {@return the first GPU in bf16; the CPU if there is no GPU} GPUs before Ampere need f16, which
   * this method does not choose.
   *
   * <p>On Linux, a CPU that multiplies bf16 in hardware computes in bf16. Every other CPU computes
   * in f32.
   *
   * @throws ResourceLimitException if libtorch's native libraries are missing
   */
  public static Compute best() {
    return best(Gpus.LIBTORCH);
  }

  private static Compute best(Gpus gpus) {
    if (gpus.count() > 0) {
      return new Compute("cuda", DType.BF16);
    }
    return new Compute("cpu", hasCpuBf16() ? DType.BF16 : DType.F32);
  }

  /**
   * {@return the CPU with an element type}
   *
   * @param dtype f32 or bf16
   * @throws IllegalArgumentException if a CPU does not support the element type
   */
  public static Compute cpu(DType dtype) {
    return new Compute("cpu", dtype);
  }

  /**
   * {@return a GPU with an element type} This method does not check that the GPU exists;
   * {@link #requireAvailable()} does.
   *
   * @param index the number of the GPU, 0..9999
   * @param dtype f32, bf16 or f16
   * @throws IllegalArgumentException if the index is out of its range, or if the element type is
   *     not supported
   */
  public static Compute cuda(int index, DType dtype) {
    return new Compute("cuda:" + index, dtype);
  }

  /**
   * {@return a device with its default element type} The default is bf16 on a GPU. On Linux, it is
   * also bf16 on a CPU that multiplies bf16 in hardware. Otherwise, it is f32.
   *
   * @param device {@code cpu}, {@code cuda} or {@code cuda:<index>}
   * @throws IllegalArgumentException if no device has the given name
   * @throws ResourceLimitException if libtorch's native libraries are missing, or if the device is
   *     not available; the message lists the needed libraries or the number of GPUs
   */
  public static Compute of(String device) {
    return of(Objects.requireNonNull(device), null, Gpus.LIBTORCH);
  }

  /**
   * {@return a compute with the given device and element type}
   *
   * @param device {@code cpu}, {@code cuda} or {@code cuda:<index>}
   * @param dtype {@code f32}, {@code bf16} or {@code f16}
   * @throws IllegalArgumentException if no device or element type has the given name, or if the
   *     device does not support the element type
   * @throws ResourceLimitException if libtorch's native libraries are missing, or if the device is
   *     not available; the message lists the needed libraries or the number of GPUs
   */
  public static Compute of(String device, String dtype) {
    return of(Objects.requireNonNull(device), Objects.requireNonNull(dtype), Gpus.LIBTORCH);
  }

  static Compute of(@Nullable String device, @Nullable String dtype, Gpus gpus) {
    Compute best = best(gpus);
    String where = device == null ? best.device : device;
    DType type = dtype == null ? defaultType(where, best) : parseType(dtype);
    return new Compute(where, type).requireAvailable(gpus);
  }

  /**
   * {@return every GPU of this machine in bf16, {@code cuda:0} first; empty if there is no GPU}
   *
   * @throws ResourceLimitException if libtorch's native libraries are missing
   */
  public static List<Compute> everyGpu() {
    return everyGpu(null, Gpus.LIBTORCH);
  }

  /**
   * {@return every GPU of this machine with the given element type, {@code cuda:0} first; empty if
   * there is no GPU}
   *
   * @param dtype {@code f32}, {@code bf16} or {@code f16}
   * @throws IllegalArgumentException if no element type has the given name
   * @throws ResourceLimitException if libtorch's native libraries are missing
   */
  public static List<Compute> everyGpu(String dtype) {
    return everyGpu(Objects.requireNonNull(dtype), Gpus.LIBTORCH);
  }

  static List<Compute> everyGpu(@Nullable String dtype, Gpus gpus) {
    DType type = dtype == null ? DType.BF16 : parseType(dtype);
    return IntStream.range(0, gpus.count())
        .mapToObj(i -> new Compute("cuda:" + i, type))
        .toList();
  }

  /**
   * Checks that the device is available. A CPU is always available.
   *
   * @return this compute
   * @throws ResourceLimitException if the device is a GPU that is not available, or if libtorch's
   *     native libraries for it are missing; the message lists the needed libraries or the number
   *     of GPUs
   */
  public Compute requireAvailable() {
    return requireAvailable(Gpus.LIBTORCH);
  }

  private Compute requireAvailable(Gpus gpus) {
    if (isCpu()) {
      return this;
    }
    int count = gpus.count();
    if (count == 0) {
      throw new ResourceLimitException(
          "no CUDA device is available: " + CUDA_REQUIREMENTS + "; or choose --device cpu");
    }
    if (index() >= count) {
      throw new ResourceLimitException("device " + device + " is not available; number of GPUs: "
          + count + "; the first is cuda:0");
    }
    return this;
  }

  /**
   * {@return a copy of this compute with the given element type}
   *
   * @param other f32, bf16 or f16
   * @throws IllegalArgumentException if the device does not support this type
   */
  public Compute withDtype(DType other) {
    return new Compute(device, other);
  }

  /** {@return true if the device is the CPU} */
  public boolean isCpu() {
    return device.equals("cpu");
  }

  /**
   * {@return the current memory of the device}
   *
   * @throws ResourceLimitException if the memory cannot be read; the message lists the needed
   *     libraries or the number of GPUs
   */
  public DeviceMemory memory() {
    return DeviceMemory.of(this);
  }

  /**
   * Checks that training is possible in this element type. f16 is not allowed: many gradients are
   * below the smallest f16 number, and the library does not scale gradients.
   *
   * @throws IllegalArgumentException if the element type is f16
   */
  public void requireTrainable() {
    if (dtype == DType.F16) {
      throw new IllegalArgumentException(
          "training in f16 is not supported, because small gradients become zero; open the base"
              + " in bf16 or f32");
    }
  }

  @Override
  public String toString() {
    return device + " " + dtype.name().toLowerCase(Locale.ROOT);
  }

  private static DType defaultType(String device, Compute best) {
    return device.equals(best.device)
        ? best.dtype
        : device.equals("cpu") && !hasCpuBf16() ? DType.F32 : DType.BF16;
  }

  private static DType parseType(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "f32", "float32" -> DType.F32;
      case "bf16", "bfloat16" -> DType.BF16;
      case "f16", "float16" -> DType.F16;
      default ->
        throw new IllegalArgumentException("unknown dtype \"" + text + "\"; known: f32, bf16, f16");
    };
  }

  /** The table of GPUs; tests replace it. */
  @FunctionalInterface
  interface Gpus {
    /** The GPUs that libtorch finds. */
    Gpus LIBTORCH = () -> {
      LibTorch.load();
      return torch.hasCUDA() && torch.cuda_is_available() ? torch.cuda_device_count() : 0;
    };

    /** Returns the number of GPUs; 0 if none can be used. */
    int count();

    /** Returns ten times the compute capability of a GPU, such as 89; 0 if it is unknown. */
    default int capability(int index) {
      try {
        return DeviceMemory.CudaMemory.capability(index);
      } catch (LinkageError | RuntimeException withoutCudaJar) {
        return 0;
      }
    }
  }

  private static boolean hasCpuBf16() {
    return CpuFeatures.ofMachine().multipliesBf16();
  }

  /**
   * {@return true if this CPU has instructions for dot products of bytes (VNNI)} The result is
   * false on systems other than Linux.
   */
  public static boolean hasCpuInt8() {
    return CpuFeatures.ofMachine().multipliesBytes();
  }

  /**
   * {@return true if this device multiplies 8-bit numbers} A CPU needs VNNI, see
   * {@link #hasCpuInt8()}. A GPU needs compute capability 8.9 or higher (such as Ada or Hopper),
   * and the library {@code org.bytedeco:cuda}. GPUs multiply numbers of type {@code F8_E4M3}.
   *
   * @throws ResourceLimitException if the device is a GPU, and libtorch's native libraries are
   *     missing
   */
  public boolean hasEightBitProducts() {
    return hasEightBitProducts(Gpus.LIBTORCH);
  }

  boolean hasEightBitProducts(Gpus gpus) {
    if (isCpu()) {
      return hasCpuInt8();
    }
    return index() < gpus.count() && gpus.capability(index()) >= F8_CAPABILITY;
  }

  /** The number of the GPU; the GPU without a number is the first. */
  private int index() {
    return device.contains(":") ? Integer.parseInt(device.substring(5)) : 0;
  }
}
