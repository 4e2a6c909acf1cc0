package dev.likeness.lora.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.lora.training.AspectBuckets.Fit;
import dev.likeness.lora.training.AspectBuckets.Size;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AspectBucketsTest {
  private static RgbImage image(int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    for (int x = 0; x < width; x++) {
      for (int y = 0; y < height; y++) {
        rgb[(y * width + x) * 3] = (byte) (x * 255 / width);
      }
    }
    return RgbImage.of(width, height, rgb);
  }

  /** The sizes, and the size and crop of images, beside kohya's sd-scripts. */
  @Test
  void equalThoseOfKohyasScripts() throws IOException {
    List<?> cases;
    try (InputStream in =
        AspectBucketsTest.class.getResourceAsStream("/golden/training/buckets.json")) {
      cases = JSON.std.listFrom(in);
    }
    assertEquals(8, cases.size());
    for (Object each : cases) {
      Map<?, ?> golden = (Map<?, ?>) each;
      AspectBuckets buckets = new AspectBuckets(
          (int) golden.get("side"),
          (int) golden.get("min"),
          (int) golden.get("max"),
          (int) golden.get("step"),
          (boolean) golden.get("no_upscale"));
      assertEquals(
          ((List<?>) golden.get("buckets")).stream().map(size -> size(size, 0)).toList(),
          buckets.sizes(),
          buckets.toString());
      for (Object image : (List<?>) golden.get("images")) {
        Size own = size(image, 0);
        assertEquals(
            new Fit(size(image, 2), size(image, 4)),
            buckets.fit(own.width(), own.height()),
            buckets + " " + own);
      }
    }
  }

  private static Size size(Object numbers, int from) {
    List<?> all = (List<?>) numbers;
    return new Size((int) all.get(from), (int) all.get(from + 1));
  }

  @Test
  void resizesImagesAndCropsTheirCentres() {
    RgbImage wide = AspectBuckets.of(512).fit(image(1000, 200)).image();
    Size widest = AspectBuckets.of(512).fit(1000, 200).bucket();
    assertEquals(new Size(1024, 256), widest);
    assertEquals(widest, new Size(wide.width(), wide.height()));
    int left = wide.at(0, 10, 0);
    int right = 255 - wide.at(wide.width() - 1, 10, 0);
    assertTrue(
        left > 5 && Math.abs(left - right) <= 2,
        left + " of the left edge and " + right + " of the right are gone");
    RgbImage own = AspectBuckets.of(512).noUpscale(true).fit(image(200, 130)).image();
    assertEquals(new Size(192, 128), new Size(own.width(), own.height()));
  }

  @Test
  void haveTheDefaultsOfKohyasScriptsAt512() {
    assertEquals(new AspectBuckets(512, 256, 1024, 64, false), AspectBuckets.of(512));
  }

  @Test
  void refuseSizesThatCannotBe() {
    assertEquals(
        "aspect buckets need a step of at least 1 and a side that is not smaller than the step, got"
            + " step 64 and side 32",
        message(() -> AspectBuckets.of(32).step(64)));
    assertEquals(
        "the shortest side of aspect buckets must be from 1 to the training size 512, and the"
            + " longest side at least 512, got 640 and 1024",
        message(() -> AspectBuckets.of(512).sides(640, 1024)));
    assertEquals(
        "an image of 700x63 pixels has a side below the step of 64 pixels of the buckets, and is not"
            + " enlarged; leave it out, or use a smaller step",
        message(() -> AspectBuckets.of(512).noUpscale(true).fit(700, 63)));
  }

  private static String message(org.junit.jupiter.api.function.Executable call) {
    return assertThrows(IllegalArgumentException.class, call).getMessage();
  }
}
