package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoTensorLeaks.class)
class AlterationTest {
  private static final int IMAGES = 40;

  @Test
  void takesTheColoursOfAShareOfImages() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor red = torch
          .tensor(new float[] {1, -1, -1})
          .view(1, 3, 1, 1)
          .expand(IMAGES, 3, 1, 1)
          .contiguous();
      assertArrayEquals(
          ImageTensors.floats(red),
          ImageTensors.floats(Alteration.gray(red, 0, new Random(1))),
          1e-6f);
      float[] all = ImageTensors.floats(Alteration.gray(red, 1, new Random(1)));
      float luma = 0.299f - 0.587f - 0.114f;
      for (float value : all) {
        assertEquals(luma, value, 1e-6f);
      }
      float[] half = ImageTensors.floats(Alteration.gray(red, 0.5, new Random(1)));
      long gray = IntStream.range(0, IMAGES)
          .filter(i -> Math.abs(half[3 * i] - luma) < 1e-6)
          .count();
      long coloured = IntStream.range(0, IMAGES)
          .filter(i -> Math.abs(half[3 * i] - 1) < 1e-6)
          .count();
      assertEquals(IMAGES, gray + coloured);
      assertEquals(IMAGES / 2.0, gray, IMAGES / 4.0);
    }
  }

  @Test
  void movesAImageByAPlaceAndRepeatsItsEdges() {
    try (TensorScope scope = TensorScope.open()) {
      float[] told = new float[36];
      for (int i = 0; i < told.length; i++) {
        told[i] = i;
      }
      Tensor grid = torch.tensor(told).view(1, 1, 6, 6);
      Random random = new Random(1);
      Set<Integer> moves = new TreeSet<>();
      for (int n = 0; n < 200; n++) {
        float[] moved = ImageTensors.floats(Alteration.shifted(grid, 1, random));
        int by = (int) moved[2 * 6 + 2] - 14;
        int down = Math.round(by / 6f);
        int right = by - 6 * down;
        moves.add(by);
        for (int i = 0; i < 36; i++) {
          int row = Math.max(0, Math.min(5, i / 6 + down));
          assertEquals(6 * row + Math.max(0, Math.min(5, i % 6 + right)), moved[i], 0);
        }
      }
      assertEquals(Set.of(-7, -6, -5, -1, 0, 1, 5, 6, 7), moves);
    }
  }
}
