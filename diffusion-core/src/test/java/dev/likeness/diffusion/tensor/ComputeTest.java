package dev.likeness.diffusion.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The choice among GPUs, with tables of GPUs that this machine does not have. */
class ComputeTest {
  private static final Compute.Gpus TWO = () -> 2;

  @Test
  void choosesAGpuByItsNumber() {
    assertEquals(new Compute("cuda:1", DType.BF16), Compute.of("cuda:1", null, TWO));
    assertEquals(new Compute("cuda:0", DType.F16), Compute.of("cuda:0", "f16", TWO));
    assertEquals(new Compute("cuda", DType.BF16), Compute.of(null, null, TWO));
    assertEquals(new Compute("cpu", DType.F32), Compute.of("cpu", "f32", TWO));
  }

  @Test
  void listsEveryGpu() {
    assertEquals(
        List.of(new Compute("cuda:0", DType.BF16), new Compute("cuda:1", DType.BF16)),
        Compute.everyGpu(null, TWO));
    assertEquals(List.of(), Compute.everyGpu("f32", () -> 0));
    assertThrows(IllegalArgumentException.class, () -> Compute.everyGpu("f8", TWO));
  }

  /** An Ampere GPU beside an Ada and a Hopper GPU. */
  private static final Compute.Gpus OLD_AND_NEW = new Compute.Gpus() {
    @Override
    public int count() {
      return 3;
    }

    @Override
    public int capability(int index) {
      return new int[] {86, 89, 90}[index];
    }
  };

  @Test
  void knowsWhichGpusMultiplyF8() {
    assertFalse(new Compute("cuda", DType.BF16).hasEightBitProducts(OLD_AND_NEW));
    assertFalse(new Compute("cuda:0", DType.BF16).hasEightBitProducts(OLD_AND_NEW));
    assertTrue(new Compute("cuda:1", DType.F16).hasEightBitProducts(OLD_AND_NEW));
    assertTrue(new Compute("cuda:2", DType.F32).hasEightBitProducts(OLD_AND_NEW));
    assertFalse(new Compute("cuda:3", DType.BF16).hasEightBitProducts(OLD_AND_NEW));
    assertEquals(
        Compute.hasCpuInt8(), new Compute("cpu", DType.F32).hasEightBitProducts(OLD_AND_NEW));
    assertEquals(0, TWO.capability(0), "without a driver the capability is unknown");
  }

  @Test
  void refusesAGpuThatIsNotThere() {
    for (String device : List.of("cuda:2", "cuda:9999")) {
      assertEquals(
          "device " + device + " is not available; number of GPUs: 2; the first is cuda:0",
          assertThrows(ResourceLimitException.class, () -> Compute.of(device, null, TWO))
              .getMessage());
    }
    assertEquals(
        "no CUDA device is available: " + Compute.CUDA_REQUIREMENTS + "; or choose --device cpu",
        assertThrows(ResourceLimitException.class, () -> Compute.of("cuda:0", null, () -> 0))
            .getMessage());
    assertEquals(
        "unknown device \"cuda:12345678901\"; known: cpu, cuda, cuda:<index>",
        assertThrows(
                IllegalArgumentException.class, () -> Compute.of("cuda:12345678901", null, TWO))
            .getMessage());
  }
}
