package dev.likeness.diffusion.tensor;

import dev.likeness.diffusion.error.InvalidInputException;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The element types of the safetensors format, under the format's names.
 *
 * <p>Source: {@code Dtype} of huggingface/safetensors, {@code safetensors/src/tensor.rs}.
 */
public enum DType {
  F64(64),
  F32(32),
  F16(16),
  BF16(16),
  F8_E4M3(8),
  F8_E5M2(8),
  F8_E4M3FNUZ(8),
  F8_E5M2FNUZ(8),
  F8_E8M0(8),
  F6_E2M3(6),
  F6_E3M2(6),
  F4(4),
  C64(64),
  I64(64),
  I32(32),
  I16(16),
  I8(8),
  U64(64),
  U32(32),
  U16(16),
  U8(8),
  BOOL(8);

  private final int bits;

  DType(int bits) {
    this.bits = bits;
  }

  /** Returns the size of an element in bits: 4, 6, or a multiple of 8. */
  public int bits() {
    return bits;
  }

  /**
   * Returns whether libtorch has this element type; it lacks {@code F4} and the {@code F6} types.
   */
  public boolean isLoadable() {
    return bits >= 8;
  }

  /** Returns whether the elements are real floating-point numbers. */
  public boolean isFloating() {
    return name().startsWith("F") || this == BF16;
  }

  /** Returns the type of this exact name, or empty. */
  public static Optional<DType> find(String name) {
    return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
  }

  /**
   * Returns the type of a name, in any case ({@code bf16}, {@code BF16}).
   *
   * @throws InvalidInputException if the name is not known; the message lists the names
   */
  public static DType parse(String name) {
    return Arrays.stream(values())
        .filter(type -> type.name().equalsIgnoreCase(name))
        .findFirst()
        .orElseThrow(
            () -> new InvalidInputException("unknown dtype \"" + name + "\"; known: " + names()));
  }

  /** Returns all names, separated by spaces. */
  public static String names() {
    return Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(" "));
  }
}
