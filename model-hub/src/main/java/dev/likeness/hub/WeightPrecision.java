package dev.likeness.hub;

import java.util.Locale;
import java.util.Optional;

/** Which of several files with the same weights are downloaded. */
public enum WeightPrecision {
  /** The file that the library opens if all of them are there; the plain one before variants. */
  AS_PUBLISHED(Optional.empty(), ""),
  /** Numbers of 32 bits. */
  F32(Optional.of("fp32"), "(?i)(^|.*[._/-])(fp?32|full)([._-].*|$)"),
  /** Numbers of 16 bits with five bits of exponent; the variant {@code fp16} of diffusers. */
  F16(Optional.of("fp16"), "(?i)(^|.*[._/-])fp?16([._-].*|$)"),
  /** Numbers of 16 bits with eight bits of exponent. */
  BF16(Optional.of("bf16"), "(?i)(^|.*[._/-])bf16([._-].*|$)"),
  /** Numbers of 8 bits: float8, int8 or GGUF's Q8_0. */
  EIGHT_BIT(Optional.of("fp8"), "(?i)(^|.*[._/-])(fp8|float8|int8|i8|q8|e4m3fn|8bit)([._-].*|$)"),
  /** GGUF files, of which {@code owner/name:Q4_K_M} chooses one. */
  GGUF(Optional.empty(), "(?i).*\\.gguf");

  private final Optional<String> variant;
  private final String names;

  WeightPrecision(Optional<String> variant, String names) {
    this.variant = variant;
    this.names = names;
  }

  /** Returns the variant of diffusers folders; null for the plain files. */
  String variant() {
    return variant.orElse(null);
  }

  /** Returns the word by which users choose it, as {@code 8bit}. */
  String word() {
    return this == EIGHT_BIT ? "8bit" : name().toLowerCase(Locale.ROOT);
  }

  /** Returns true if a file of a diffusers folder has the variant of this precision in its name. */
  boolean isVariantOf(String name) {
    return variant.filter(each -> name.matches(".*\\." + each + "[.-].*")).isPresent();
  }

  /** Returns true if a name of a single file tells this precision. */
  boolean isNamedBy(String name) {
    return this == AS_PUBLISHED || name.matches(names);
  }
}
