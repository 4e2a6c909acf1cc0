package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.NoTensorLeaks;
import dev.likeness.diffusion.tensor.TensorScope;
import java.util.Random;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class AlterationTest {
  private static final int PICTURES = 40;

  @Test
  void takesTheColoursOfAShareOfPictures() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor red = torch.tensor(new float[] {1, -1, -1}).view(1, 3, 1, 1).expand(PICTURES, 3, 1, 1).contiguous();
      assertArrayEquals(Images.floats(red), Images.floats(Alteration.gray(red, 0, new Random(1))), 1e-6f);
      float[] all = Images.floats(Alteration.gray(red, 1, new Random(1)));
      float luma = 0.299f - 0.587f - 0.114f;
      for (float value : all) {
        assertEquals(luma, value, 1e-6f);
      }
      float[] half = Images.floats(Alteration.gray(red, 0.5, new Random(1)));
      long gray = IntStream.range(0, PICTURES).filter(i -> Math.abs(half[3 * i] - luma) < 1e-6).count();
      long coloured = IntStream.range(0, PICTURES).filter(i -> Math.abs(half[3 * i] - 1) < 1e-6).count();
      assertEquals(PICTURES, gray + coloured);
      assertEquals(PICTURES / 2.0, gray, PICTURES / 4.0);
    }
  }
}
