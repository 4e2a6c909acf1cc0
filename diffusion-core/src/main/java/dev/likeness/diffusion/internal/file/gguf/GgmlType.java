package dev.likeness.diffusion.internal.file.gguf;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.DType;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The supported element types of GGUF files: plain types and quantised blocks.
 *
 * <p>Source: {@code GGMLQuantizationType} and {@code GGML_QUANT_SIZES} of ggml-org/ggml's
 * {@code gguf} package.
 */
enum GgmlType {
  F32(0, DType.F32),
  F16(1, DType.F16),
  Q4_0(2, 32, 18),
  Q4_1(3, 32, 20),
  Q5_0(6, 32, 22),
  Q5_1(7, 32, 24),
  Q8_0(8, 32, 34),
  Q4_K(12, 256, 144),
  Q5_K(13, 256, 176),
  Q6_K(14, 256, 210),
  I8(24, DType.I8),
  I16(25, DType.I16),
  I32(26, DType.I32),
  I64(27, DType.I64),
  F64(28, DType.F64),
  BF16(30, DType.BF16);

  /** The names of the other types. */
  private static final Map<Long, String> UNSUPPORTED = Map.ofEntries(
      Map.entry(4L, "Q4_2"),
      Map.entry(5L, "Q4_3"),
      Map.entry(9L, "Q8_1"),
      Map.entry(10L, "Q2_K"),
      Map.entry(11L, "Q3_K"),
      Map.entry(15L, "Q8_K"),
      Map.entry(16L, "IQ2_XXS"),
      Map.entry(17L, "IQ2_XS"),
      Map.entry(18L, "IQ3_XXS"),
      Map.entry(19L, "IQ1_S"),
      Map.entry(20L, "IQ4_NL"),
      Map.entry(21L, "IQ3_S"),
      Map.entry(22L, "IQ2_S"),
      Map.entry(23L, "IQ4_XS"),
      Map.entry(29L, "IQ1_M"),
      Map.entry(31L, "Q4_0_4_4"),
      Map.entry(32L, "Q4_0_4_8"),
      Map.entry(33L, "Q4_0_8_8"),
      Map.entry(34L, "TQ1_0"),
      Map.entry(35L, "TQ2_0"),
      Map.entry(36L, "IQ4_NL_4_4"),
      Map.entry(37L, "IQ4_NL_4_8"),
      Map.entry(38L, "IQ4_NL_8_8"),
      Map.entry(39L, "MXFP4"));

  private final int code;
  private final int elements;
  private final int bytes;
  private final DType plain;

  GgmlType(int code, DType plain) {
    this.code = code;
    this.elements = 1;
    this.bytes = plain.bits() / Byte.SIZE;
    this.plain = plain;
  }

  GgmlType(int code, int elements, int bytes) {
    this.code = code;
    this.elements = elements;
    this.bytes = bytes;
    this.plain = null;
  }

  /** Returns the number of elements in a block; 1 for plain types. */
  public int blockElements() {
    return elements;
  }

  /** Returns the number of bytes of a block. */
  public int blockBytes() {
    return bytes;
  }

  /** Returns true if the elements are quantised in blocks. */
  public boolean isQuantised() {
    return plain == null;
  }

  /** Returns the element type after reading: f32 for quantised types, else the same. */
  public DType dtype() {
    return plain == null ? DType.F32 : plain;
  }

  static GgmlType of(long code, String file, String tensor) {
    return Arrays.stream(values())
        .filter(type -> type.code == code)
        .findFirst()
        .orElseThrow(
            () -> new InvalidInputException(file + ": tensor " + tensor + " has the GGML type "
                + UNSUPPORTED.getOrDefault(code, "number " + code)
                + ", which is not supported; supported are "
                + Arrays.stream(values()).map(Enum::name).collect(Collectors.joining(", "))
                + "; give the model in one of these"));
  }
}
