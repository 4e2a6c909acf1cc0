package dev.likeness.headshots.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.internal.natives.NativeLibraries;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.headshots.doctor.Doctor.Diagnosis;
import java.util.List;
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
  void advisesOnAGpuOnlyWhereOneCanBeUsed() {
    for (String platform : List.of("linux-x86_64", "windows-x86_64")) {
      Diagnosis without = NativesCheck.withoutCuda(platform);
      assertEquals(Diagnosis.State.ADVICE, without.state(), platform);
      assertEquals(
          "no CUDA device found; to use one, " + Compute.CUDA_REQUIREMENTS, without.text());
      assertTrue(without.toString().startsWith("advice   cuda "), without.toString());
    }
    Diagnosis mac = NativesCheck.withoutCuda("macosx-arm64");
    assertEquals(Diagnosis.State.OK, mac.state());
    assertEquals("libtorch for macosx-arm64 computes without CUDA", mac.text());
  }

  @Test
  void asksForNothingInADiagnosisThatIsOk() {
    List<String> asking = Doctor.examine().stream()
        .filter(diagnosis -> diagnosis.state() == Diagnosis.State.OK)
        .map(Diagnosis::text)
        .filter(text -> text.matches(".*; (add|install|move|set|to use|training needs)\\b.*"))
        .toList();

    assertEquals(List.of(), asking);
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
