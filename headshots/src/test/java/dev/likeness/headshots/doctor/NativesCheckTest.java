package dev.likeness.headshots.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NativeLibraries;
import dev.likeness.headshots.doctor.Doctor.Diagnosis;
import org.junit.jupiter.api.Test;

class NativesCheckTest {
  @Test
  void missesTheTokenizersOfAPlatformThatHasNone() {
    Diagnosis intel = NativesCheck.tokenizers("macosx-x86_64");
    assertTrue(intel.isMissing());
    assertEquals(
        "Hugging Face's tokenizers have no native libraries for macosx-x86_64", intel.text());
  }

  @Test
  void saysHowToGetNativesOrThatThereAreNone() {
    assertEquals(
        "add dev.likeness:likeness-natives-linux-x86_64 (type pom); they need glibc, not musl",
        NativeLibraries.advice("linux-x86_64"));
    assertEquals(
        "add dev.likeness:likeness-natives-windows-x86_64 (type pom)",
        NativeLibraries.advice("windows-x86_64"));
    assertEquals(
        "libtorch has no native libraries for linux-arm64; use Linux or Windows on"
            + " x86-64, or macOS on ARM",
        NativeLibraries.advice("linux-arm64"));
  }
}
