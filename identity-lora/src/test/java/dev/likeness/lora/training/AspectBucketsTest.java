package dev.likeness.lora.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.lora.training.AspectBuckets.Size;
import org.junit.jupiter.api.Test;

class AspectBucketsTest {
  private static final AspectBuckets BUCKETS = AspectBuckets.of(512, 64);

  private static RgbImage image(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    for (int x = 0; x < width; x++) {
      for (int y = 0; y < height; y++) {
        rgb[(y * width + x) * 3] = (byte) (x * 255 / width);
      }
    }
    return RgbImage.of(width, height, rgb);
  }

  @Test
  void hasSizesOfNearlyOneAreaAndEveryShape() {
    assertTrue(BUCKETS.sizes().contains(new Size(512, 512)));
    assertTrue(BUCKETS.sizes().contains(new Size(384, 640)));
    assertFalse(BUCKETS.sizes().contains(new Size(768, 320)), "768x320 is wider than two to one");
    BUCKETS.sizes().forEach(size -> {
      assertEquals(0, size.width() % 64 + size.height() % 64, size.toString());
      assertTrue(
          size.width() * size.height() <= 512 * 512
              && size.width() * size.height() > 0.75 * 512 * 512,
          size.toString());
    });
    assertTrue(AspectBuckets.of(65536, 8192).sizes().contains(new Size(65536, 65536)));
    assertEquals(
        "aspect buckets need a step of at least 1 and a side that is a multiple of the step, got"
            + " step 64 and"
            + " side 500",
        assertThrows(IllegalArgumentException.class, () -> AspectBuckets.of(500, 64))
            .getMessage());
  }

  @Test
  void cropsImagesToTheNearestShapeCentred() {
    assertEquals(new Size(512, 512), BUCKETS.nearest(image(300, 310)));
    assertEquals(new Size(384, 640), BUCKETS.nearest(image(900, 1500)));
    RgbImage wide = BUCKETS.fit(image(1000, 400)).image();
    Size widest = BUCKETS.nearest(image(1000, 400));
    assertEquals(widest.width(), wide.width());
    assertEquals(widest.height(), wide.height());
    int left = wide.at(0, 10, 0);
    int right = 255 - wide.at(wide.width() - 1, 10, 0);
    assertTrue(
        left > 5 && Math.abs(left - right) <= 2,
        left + " of the left edge and " + right + " of the right are gone");
  }
}
