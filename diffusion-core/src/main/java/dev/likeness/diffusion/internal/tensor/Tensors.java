package dev.likeness.diffusion.internal.tensor;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import java.util.EnumMap;
import java.util.Map;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.DeviceOptional;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Moves tensors to device and type of a {@link Compute}, and maps {@link DType} to libtorch's
 * types.
 *
 * <p>{@code toDeviceOf} and {@code toDevice} copy from the host without waiting for the device. For
 * a GPU, they use page-locked memory and a copy in the GPU's queue. libtorch's cache owns this
 * memory and reuses a block only after its copy has finished, so the host may free the tensor at
 * once.
 */
public final class Tensors {
  /** Bytes up to which a copy to a GPU uses page-locked memory, so that the host does not wait. */
  private static final long SMALL = 1 << 20;

  /** The number of values that are checked at once. */
  private static final long FINITE_CHUNK = 1 << 22;

  private static final Map<DType, ScalarType> TYPES = new EnumMap<>(Map.ofEntries(
      Map.entry(DType.F64, ScalarType.Double),
      Map.entry(DType.F32, ScalarType.Float),
      Map.entry(DType.F16, ScalarType.Half),
      Map.entry(DType.BF16, ScalarType.BFloat16),
      Map.entry(DType.F8_E4M3, ScalarType.Float8_e4m3fn),
      Map.entry(DType.F8_E5M2, ScalarType.Float8_e5m2),
      Map.entry(DType.F8_E4M3FNUZ, ScalarType.Float8_e4m3fnuz),
      Map.entry(DType.F8_E5M2FNUZ, ScalarType.Float8_e5m2fnuz),
      Map.entry(DType.F8_E8M0, ScalarType.Float8_e8m0fnu),
      Map.entry(DType.C64, ScalarType.ComplexFloat),
      Map.entry(DType.I64, ScalarType.Long),
      Map.entry(DType.I32, ScalarType.Int),
      Map.entry(DType.I16, ScalarType.Short),
      Map.entry(DType.I8, ScalarType.Char),
      Map.entry(DType.U64, ScalarType.UInt64),
      Map.entry(DType.U32, ScalarType.UInt32),
      Map.entry(DType.U16, ScalarType.UInt16),
      Map.entry(DType.U8, ScalarType.Byte),
      Map.entry(DType.BOOL, ScalarType.Bool)));

  private Tensors() {}

  /**
   * Returns {@code tensor} on the device and in the type of {@code compute}; the same tensor if it
   * is there already. The host waits for a copy to a GPU only if the tensor is large.
   */
  public static Tensor place(Compute compute, Tensor tensor) {
    if (isOn(compute, cardOf(tensor)) && dtype(tensor) == compute.dtype()) {
      return tensor;
    }
    ScalarType type = scalarType(compute.dtype());
    return tensor.is_cpu() && !compute.isCpu() && tensor.nbytes() <= SMALL
        ? copy(tensor.to(type), new Device(compute.device()))
        : tensor.to(new Device(compute.device()), type);
  }

  /**
   * Returns a weight on the device and in the type of {@code compute}. On a GPU, weights of
   * convolutions get the memory format of feature maps (channels last), which cuDNN would otherwise
   * convert at each use.
   */
  public static Tensor placeWeight(Compute compute, Tensor weight) {
    Tensor placed = place(compute, weight);
    return placed.is_cpu() || placed.dim() != 4
        ? placed
        : placed.contiguous(MemoryFormat.ChannelsLast);
  }

  private static long cardOf(Tensor tensor) {
    if (tensor.is_cpu()) {
      return -1;
    }
    try (Device device = tensor.device()) {
      return device.index();
    }
  }

  /**
   * Returns true if the device of {@code compute} is the GPU number {@code index}, or the CPU if
   * that is -1. The GPU without a number is the first.
   */
  static boolean isOn(Compute compute, long index) {
    return index == (compute.isCpu() ? -1 : gpuIndex(compute));
  }

  /** Returns the number of a GPU. The GPU without a number is the first. */
  public static int gpuIndex(Compute gpu) {
    String device = gpu.device();
    return Integer.parseInt(device.substring(device.indexOf(':') + 1).replace("cuda", "0"));
  }

  /** Returns options for new tensors with type and device of {@code compute}. */
  public static TensorOptions options(Compute compute) {
    return new TensorOptions(scalarType(compute.dtype()))
        .device(new DeviceOptional(new Device(compute.device())));
  }

  /**
   * Returns the libtorch type of {@code type}.
   *
   * @throws InvalidInputException if libtorch has none
   */
  public static ScalarType scalarType(DType type) {
    ScalarType known = TYPES.get(type);
    if (known == null) {
      throw new InvalidInputException("libtorch does not support tensors of dtype " + type.name()
          + "; convert these tensors to BF16 or F16 first");
    }
    return known;
  }

  /** Returns {@link #dtype(ScalarType)} of a tensor's elements. */
  public static DType dtype(Tensor tensor) {
    return dtype(tensor.scalar_type());
  }

  /**
   * Returns the type of a libtorch tensor.
   *
   * @throws IllegalArgumentException if safetensors has no such type (quantised and wide complex
   *     types)
   */
  public static DType dtype(ScalarType type) {
    ScalarType constant = type.intern();
    for (Map.Entry<DType, ScalarType> known : TYPES.entrySet()) {
      if (known.getValue() == constant) {
        return known.getKey();
      }
    }
    throw new IllegalArgumentException(
        "safetensors has no dtype for " + type + "; known: " + DType.names());
  }

  /**
   * Copies {@code host} (CPU) to the device of {@code there}, with its own type; returns the same
   * tensor if that is the CPU.
   */
  public static Tensor toDeviceOf(Tensor there, Tensor host) {
    return there.is_cuda() ? copy(host, there.device()) : host;
  }

  /**
   * Copies {@code host} (CPU) to the device of {@code compute}, with its own type; returns the same
   * tensor if that is the CPU.
   */
  public static Tensor toDevice(Compute compute, Tensor host) {
    return compute.isCpu() ? host : copy(host, new Device(compute.device()));
  }

  private static Tensor copy(Tensor host, Device device) {
    return host.pin_memory()
        .to(device, host.scalar_type(), true, false, new MemoryFormatOptional());
  }

  /** Returns a number for each image: [numbers, 1, 1, 1], f32, on the CPU. */
  public static Tensor perImage(double... numbers) {
    float[] values = new float[numbers.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) numbers[i];
    }
    return torch.tensor(values).view(-1, 1, 1, 1);
  }

  /**
   * Returns a scalar input of a network: [1], f32, on the device of {@code there}. The device does
   * not wait for it.
   */
  public static Tensor scalar(double number, Tensor there) {
    return torch.full(
        new long[] {1},
        new Scalar((float) number),
        new TensorOptions(ScalarType.Float).device(new DeviceOptional(there.device())));
  }

  /**
   * Returns true if no value of a floating-point tensor is NaN or infinite. Takes little memory
   * beside the tensor.
   */
  public static boolean isFinite(Tensor tensor) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor flat = tensor.reshape(-1);
      for (long start = 0; start < flat.numel(); start += FINITE_CHUNK) {
        try (TensorScope part = TensorScope.open()) {
          Tensor values = flat.narrow(0, start, Math.min(FINITE_CHUNK, flat.numel() - start));
          Tensor wide =
              values.scalar_type() == ScalarType.Double ? values : values.to(ScalarType.Float);
          // A finite sum is the fast answer; the sum of finite values may be infinite.
          if (!Double.isFinite(wide.sum().item_double())
              && !torch.isfinite(wide).all().item_bool()) {
            return false;
          }
        }
      }
      return true;
    }
  }
}
