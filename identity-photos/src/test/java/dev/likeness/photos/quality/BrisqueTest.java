package dev.likeness.photos.quality;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.Degraded;
import dev.likeness.photos.PaintedFace;
import java.nio.file.Path;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

class BrisqueTest {
  private static final RgbImage GRAINY =
      Degraded.noisy(PaintedFace.image(256, 256, 128, 120, 100), 6);

  @Test
  void aBlurredImageIsLessNatural() {
    try (Brisque brisque = Brisque.builtIn()) {
      double sharp = brisque.score(GRAINY);
      double blurred = brisque.score(Degraded.blurred(GRAINY, 4));

      assertTrue(blurred > sharp + 20, sharp + " and " + blurred);
      assertEquals(sharp, brisque.score(GRAINY));
    }
  }

  @Test
  void leaksNoNativeMemory() {
    try (Brisque brisque = Brisque.builtIn()) {
      brisque.score(GRAINY);
    }
    long before = Pointer.totalCount();
    try (Brisque brisque = Brisque.builtIn()) {
      brisque.score(GRAINY);
    }
    assertEquals(before, Pointer.totalCount());
  }

  @Test
  void refusesFilesThatAreNotThere() {
    InvalidInputException refusal = assertThrows(
        InvalidInputException.class,
        () -> Brisque.open(Path.of("model.yml"), Path.of("range.yml")));

    assertEquals(
        "cannot read the BRISQUE file model.yml; give OpenCV's files brisque_model_live.yml"
            + " and brisque_range_live.yml",
        refusal.getMessage());
  }

  @Test
  void throwsOnceItIsClosed() {
    Brisque brisque = Brisque.builtIn();
    brisque.close();

    assertEquals(
        "the BRISQUE model is closed",
        assertThrows(IllegalStateException.class, () -> brisque.score(GRAINY)).getMessage());
  }
}
