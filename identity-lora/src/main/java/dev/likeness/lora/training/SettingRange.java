package dev.likeness.lora.training;

/** Refuses settings of a training that are out of their ranges. */
final class SettingRange {
  private SettingRange() {}

  static void require(boolean holds, String option, String expected, Object given) {
    if (!holds) {
      throw new IllegalArgumentException(option + " must be " + expected + ", got " + given);
    }
  }
}
