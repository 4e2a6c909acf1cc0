package dev.likeness.diffusion.tensor;

import dev.likeness.diffusion.error.InvalidInputException;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The element types of the safetensors format, with the format's names.
 *
 * <p>Source: {@code Dtype} of huggingface/safetensors, {@code safetensors/src/tensor.rs}.
 */
public enum DType {
  /** Double precision. */
  F64(64),
  /** Single precision. */
  F32(32),
  /** IEEE half precision: 5 exponent bits and 10 mantissa bits. */
  F16(16),
  /** The upper half of an f32: 8 exponent bits and 7 mantissa bits. */
  BF16(16),
  /** 4 exponent bits and 3 mantissa bits, without infinities (torch's {@code float8_e4m3fn}). */
  F8_E4M3(8),
  /** 5 exponent bits and 2 mantissa bits (torch's {@code float8_e5m2}). */
  F8_E5M2(8),
  /** Like {@link #F8_E4M3}, but without negative zero (torch's {@code float8_e4m3fnuz}). */
  F8_E4M3FNUZ(8),
  /**
   * Like {@link #F8_E5M2}, but without infinities and negative zero (torch's
   * {@code float8_e5m2fnuz}).
   */
  F8_E5M2FNUZ(8),
  /** A power of two: 8 exponent bits, no sign and no mantissa (torch's {@code float8_e8m0fnu}). */
  F8_E8M0(8),
  /** 2 exponent bits and 3 mantissa bits; libtorch lacks this type. */
  F6_E2M3(6),
  /** 3 exponent bits and 2 mantissa bits; libtorch lacks this type. */
  F6_E3M2(6),
  /** 2 exponent bits and 1 mantissa bit; libtorch lacks this type. */
  F4(4),
  /** A complex number of two f32. */
  C64(64),
  /** A signed integer of 64 bits. */
  I64(64),
  /** A signed integer of 32 bits. */
  I32(32),
  /** A signed integer of 16 bits. */
  I16(16),
  /** A signed integer of 8 bits. */
  I8(8),
  /** An unsigned integer of 64 bits. */
  U64(64),
  /** An unsigned integer of 32 bits. */
  U32(32),
  /** An unsigned integer of 16 bits. */
  U16(16),
  /** An unsigned integer of 8 bits. */
  U8(8),
  /** A truth value in one byte. */
  BOOL(8);

  private final int bits;

  DType(int bits) {
    this.bits = bits;
  }

  /** {@return the size of an element in bits: 4, 6, or a multiple of 8} */
  public int bits() {
    return bits;
  }

  /**
   * {@return true if libtorch has this element type} Libtorch lacks {@code F4} and the {@code F6}
   * types.
   */
  public boolean isLoadable() {
    return bits >= 8;
  }

  /** {@return true if the elements are real floating-point numbers} */
  public boolean isFloating() {
    return name().startsWith("F") || this == BF16;
  }

  /**
   * {@return the type with exactly this name; empty if no type has this name}
   *
   * @param name a name of the safetensors format, such as {@code BF16}
   */
  public static Optional<DType> find(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /**
   * {@return the type with the given name}
   *
   * @param name a dtype name of the safetensors format such as {@code BF16}, in upper or lower case
   * @throws InvalidInputException if no type has this name; the message lists the names
   */
  public static DType parse(String name) {
    return Arrays.stream(values())
        .filter(type -> type.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () -> new InvalidInputException("unknown dtype \"" + name + "\"; known: " + names()));
  }

  /** {@return the names of all element types, separated by spaces} */
  public static String names() {
    return Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(" "));
  }
}
