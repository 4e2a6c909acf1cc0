package dev.likeness.diffusion.tensor;

import dev.likeness.diffusion.error.InvalidInputException;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The element types of the safetensors format, under its names, with the libtorch type of each.
 *
 * <p>Source: {@code Dtype} of huggingface/safetensors {@code safetensors/src/tensor.rs}. Loading
 * this enum loads no native library.
 */
public enum DType {
  F64(64, ScalarType.Double),
  F32(32, ScalarType.Float),
  F16(16, ScalarType.Half),
  BF16(16, ScalarType.BFloat16),
  F8_E4M3(8, ScalarType.Float8_e4m3fn),
  F8_E5M2(8, ScalarType.Float8_e5m2),
  F8_E4M3FNUZ(8, ScalarType.Float8_e4m3fnuz),
  F8_E5M2FNUZ(8, ScalarType.Float8_e5m2fnuz),
  F8_E8M0(8, ScalarType.Float8_e8m0fnu),
  F6_E2M3(6, null),
  F6_E3M2(6, null),
  F4(4, null),
  C64(64, ScalarType.ComplexFloat),
  I64(64, ScalarType.Long),
  I32(32, ScalarType.Int),
  I16(16, ScalarType.Short),
  I8(8, ScalarType.Char),
  U64(64, ScalarType.UInt64),
  U32(32, ScalarType.UInt32),
  U16(16, ScalarType.UInt16),
  U8(8, ScalarType.Byte),
  BOOL(8, ScalarType.Bool);

  private final int bits;
  private final ScalarType scalarType;

  DType(int bits, ScalarType scalarType) {
    this.bits = bits;
    this.scalarType = scalarType;
  }

  /** The size of one element in bits: 4, 6, or a multiple of 8. */
  public int bits() {
    return bits;
  }

  /** Whether libtorch has this element type; {@code F4} and the {@code F6} types it has not. */
  public boolean isLoadable() {
    return scalarType != null;
  }

  /**
   * The libtorch type.
   *
   * @throws InvalidInputException when libtorch has none
   */
  public ScalarType scalarType() {
    if (scalarType == null) {
      throw new InvalidInputException(
          "libtorch has no tensors of dtype " + name() + "; convert them to BF16 or F16 first");
    }
    return scalarType;
  }

  /** Whether the elements are real floating-point numbers. */
  public boolean isFloating() {
    return name().startsWith("F") || this == BF16;
  }

  /** The type of that exact name, if there is one. */
  public static Optional<DType> find(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /**
   * The type of that name, in either case ({@code bf16}, {@code BF16}).
   *
   * @throws InvalidInputException when there is none; lists the known names
   */
  public static DType parse(String name) {
    return Arrays.stream(values())
        .filter(type -> type.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () -> new InvalidInputException("unknown dtype \"" + name + "\"; known: " + names()));
  }

  /**
   * The type of a libtorch tensor.
   *
   * @throws IllegalArgumentException when safetensors has none (quantised and wide complex types)
   */
  public static DType of(ScalarType type) {
    ScalarType constant = type.intern();
    return Arrays.stream(values())
        .filter(known -> known.scalarType == constant)
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(
            "safetensors has no dtype for " + type + "; known: " + names()));
  }

  /** All names, separated by spaces. */
  public static String names() {
    return Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(" "));
  }
}
