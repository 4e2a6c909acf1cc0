package dev.likeness.diffusion.internal.natives;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Set;
import org.junit.jupiter.api.Test;

class CpuFeaturesTest {
  private static final String SAPPHIRE_RAPIDS =
      "processor\t: 0\nvendor_id\t: GenuineIntel\nmodel name\t: Xeon\nbugs\t\t: spectre_v1\n"
          + "flags\t\t: fpu avx2 avx512f avx512_vnni avx512_bf16 avx512_fp16%s\n"
          + "vmx flags\t: ept\n\nprocessor\t: 1\nvendor_id\t: GenuineIntel\nflags\t\t: fpu\n";

  @Test
  void theFirstCoreIsRead() {
    CpuFeatures hidden = CpuFeatures.of(String.format(SAPPHIRE_RAPIDS, ""));
    assertEquals("GenuineIntel", hidden.vendor());
    assertEquals(
        Set.of("fpu", "avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16"),
        hidden.flags());
    assertTrue(hidden.multipliesBf16());
    assertTrue(hidden.multipliesBytes());
  }

  @Test
  void f32IsFasterWhereAmxIsHidden() {
    assertTrue(CpuFeatures.of(String.format(SAPPHIRE_RAPIDS, "")).multipliesF32Faster());
    assertFalse(CpuFeatures.of(String.format(SAPPHIRE_RAPIDS, " amx_bf16")).multipliesF32Faster());
    assertFalse(
        CpuFeatures.of("vendor_id : AuthenticAMD\nflags : avx512_bf16 avx512_fp16\n")
            .multipliesF32Faster(),
        "AMD's bf16 is twice as fast as f32");
    assertFalse(
        CpuFeatures.of("vendor_id : GenuineIntel\nflags : avx2 fma\n").multipliesF32Faster());
  }

  @Test
  void avx2IsTheWidestWithoutAvx512() {
    assertTrue(CpuFeatures.of("flags : avx avx2 fma\n").endsWithAvx2());
    assertFalse(CpuFeatures.of(String.format(SAPPHIRE_RAPIDS, "")).endsWithAvx2());
    assertFalse(CpuFeatures.of("flags : avx fma\n").endsWithAvx2());
    assertFalse(CpuFeatures.of("").endsWithAvx2());
  }

  @Test
  void armAndOtherSystemsAreRead() {
    CpuFeatures arm = CpuFeatures.of("processor : 0\nFeatures : fp asimd bf16\n");
    assertEquals(Set.of("fp", "asimd", "bf16"), arm.flags());
    assertEquals("", arm.vendor());
    CpuFeatures none = CpuFeatures.of("");
    assertEquals(Set.of(), none.flags());
    assertFalse(none.multipliesBf16() || none.multipliesBytes() || none.multipliesF32Faster());
  }
}
