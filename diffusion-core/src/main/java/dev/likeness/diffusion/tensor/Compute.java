package dev.likeness.diffusion.tensor;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.natives.LibTorch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Locale;
import org.bytedeco.pytorch.global.torch;

/**
 * Where and how precisely to compute: a device ({@code cpu} or {@code cuda}) and an element type
 * (f32, bf16, f16).
 *
 * @param device {@code "cpu"}, {@code "cuda"} or {@code "cuda:1"}
 * @param dtype the type that weights and activations have
 */
public record Compute(String device, DType dtype) {
  /** Exact single precision on the CPU: equal to the reference to rounding. */
  public static final Compute EXACT = new Compute("cpu", DType.F32);

  /** What a graphics card needs of the class path and the system, to be said where none answers. */
  public static final String CUDA_REQUIREMENTS =
      "add org.bytedeco:pytorch:2.10.0-1.5.13 with the classifier linux-x86_64-gpu and"
          + " org.bytedeco:cuda:13.1-9.19-1.5.13 without one and with linux-x86_64 (the command: mvn package -P cuda), and install CUDA 13"
          + " with cuDNN 9 and NCCL";

  public Compute {
    if (!device.matches("cpu|cuda(:\\d+)?")) {
      throw new IllegalArgumentException(
          "unknown device \"" + device + "\"; known: cpu, cuda, cuda:<index>");
    }
    if (dtype != DType.F32 && dtype != DType.BF16 && dtype != DType.F16) {
      throw new IllegalArgumentException("cannot compute in " + dtype + "; known: f32, bf16, f16");
    }
    if (device.equals("cpu") && dtype == DType.F16) {
      throw new IllegalArgumentException("f16 is slow and overflows on a CPU; choose bf16 or f32");
    }
  }

  /**
   * The graphics card in bf16 where there is one (those before Ampere want f16); else the CPU, in
   * bf16 where it multiplies bf16 in hardware.
   */
  public static Compute best() {
    if (isCudaAvailable()) {
      return new Compute("cuda", DType.BF16);
    }
    return new Compute("cpu", hasCpuBf16() ? DType.BF16 : DType.F32);
  }

  /**
   * Reads a user's choice; null means "the best there is".
   *
   * @throws ResourceLimitException when the device is not here; says what is missing
   */
  public static Compute of(String device, String dtype) {
    Compute best = best();
    String where = device == null ? best.device : device;
    DType type = dtype == null ? defaultType(where, best) : parseType(dtype);
    return new Compute(where, type).requireAvailable();
  }

  /**
   * This, once its device was seen to answer; else a {@link ResourceLimitException} says what is
   * missing.
   */
  public Compute requireAvailable() {
    if (!isCpu() && !isCudaAvailable()) {
      throw new ResourceLimitException(
          "no CUDA device answers: " + CUDA_REQUIREMENTS + "; or choose --device cpu");
    }
    if (device.contains(":")
        && Integer.parseInt(device.substring(5)) >= torch.cuda_device_count()) {
      throw new ResourceLimitException(
          "no " + device + " here; cards: " + torch.cuda_device_count());
    }
    return this;
  }

  /** This compute with another element type. */
  public Compute withDtype(DType other) {
    return new Compute(device, other);
  }

  public boolean isCpu() {
    return device.equals("cpu");
  }

  /**
   * The memory of this device as it is now.
   *
   * @throws ResourceLimitException when it cannot be asked for; says what is missing
   */
  public DeviceMemory memory() {
    return DeviceMemory.of(this);
  }

  /**
   * Refuses to learn in f16, whose least numbers are greater than many gradients: nothing is scaled
   * up here before the way back.
   *
   * @throws IllegalArgumentException for f16
   */
  public void requireTrainable() {
    if (dtype == DType.F16) {
      throw new IllegalArgumentException(
          "a base that computes in f16 cannot learn: small gradients become zero there; open it in bf16"
              + " or f32 to train");
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

  private static boolean isCudaAvailable() {
    LibTorch.load();
    return torch.hasCUDA() && torch.cuda_is_available();
  }

  private static boolean hasCpuBf16() {
    return hasCpuFlag("avx512_bf16", "amx_bf16");
  }

  /** Whether this CPU multiplies bytes and adds them up in 32 bits (VNNI). */
  public static boolean hasCpuInt8() {
    return hasCpuFlag("avx512_vnni", "avx_vnni", "amx_int8");
  }

  private static boolean hasCpuFlag(String... flags) {
    try {
      String all = Files.readString(Path.of("/proc/cpuinfo"));
      return Arrays.stream(flags).anyMatch(all::contains);
    } catch (IOException notLinux) {
      return false;
    }
  }
}
