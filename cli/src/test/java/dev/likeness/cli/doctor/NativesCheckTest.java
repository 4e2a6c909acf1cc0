package dev.likeness.cli.doctor;

import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class NativesCheckTest {
  @Test
  void missesTheTokenizersOfAPlatformThatHasNone() {
    assertTrue(NativesCheck.tokenizers("macosx-x86_64").isMissing());
  }
}
