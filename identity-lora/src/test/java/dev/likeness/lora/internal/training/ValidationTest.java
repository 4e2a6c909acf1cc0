package dev.likeness.lora.internal.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Map;
import org.junit.jupiter.api.Test;

class ValidationTest {
  @Test
  void resumesFromOldKeys() {
    try (Validation validation = new Validation(null, null, null, null)) {
      validation.resume(Map.of(
          "likeness.best_score",
          "0.5",
          "likeness.looks_without_better",
          "2",
          "likeness.last_look",
          "40",
          "likeness.losses_between_looks",
          "0.25 1.5 8 true"));
      assertEquals(
          Map.of(
              "likeness.best_score",
              "0.5",
              "likeness.validations_without_improvement",
              "2",
              "likeness.last_validation",
              "40",
              "likeness.losses_between_validations",
              "0.25 1.5 8 true"),
          validation.metadata());
    }
  }
}
