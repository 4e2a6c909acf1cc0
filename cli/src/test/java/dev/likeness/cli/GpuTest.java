package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.portrait.PortraitModel;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("gpu")
class GpuTest {
  @Test
  void equalsTheCpu() {
    assumeFalse(Compute.best().isCpu(), "no CUDA device answers");
    assertArrayEquals(pixels(Compute.EXACT), pixels(new Compute("cuda", DType.F32)), 1e-2f);
  }

  private static float[] pixels(Compute compute) {
    try (BaseModel base = BaseModel.open(PortraitModel.files(), compute)) {
      return base.generate(ImageRequest.of("headshot of a woman").steps(20)).pixels();
    }
  }
}
