package dev.likeness.photos.internal.face;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import java.util.Random;
import org.junit.jupiter.api.Test;

class PersonMaskTest {
  private static final int WIDTH = 200;
  private static final int HEIGHT = 250;

  @Test
  void findsAPersonThatFillsTheWidthInNearlyTheWallsColour() {
    RgbImage white = PersonMask.of(portrait(), new BoundingBox(28, 46, 145, 145));
    assertEquals(0, white.at(6, 160, 0), "the wall beside the jaw");
    assertEquals(0, white.at(WIDTH - 7, 160, 0));
    assertEquals(0, white.at(4, 4, 0), "the wall beside the hair");
    assertEquals(255, white.at(WIDTH / 2, 120, 0), "the face");
    assertEquals(255, white.at(WIDTH / 2, 20, 0), "the hair");
    assertEquals(255, white.at(WIDTH / 2, HEIGHT - 5, 0), "the clothes");
    int wall = 0;
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
      wall += part(i % WIDTH, i / WIDTH) == 0 && white.at(i % WIDTH, i / WIDTH, 0) < 128 ? 1 : 0;
    }
    assertTrue(wall > 0.8 * countPixels(0), wall + " of " + countPixels(0));
  }

  @Test
  void findsTheSameEachTime() {
    byte[] noise = new byte[100 * 125 * 3];
    new Random(3).nextBytes(noise);
    RgbImage image = RgbImage.of(100, 125, noise);
    BoundingBox face = new BoundingBox(30, 30, 40, 40);
    assertEquals(PersonMask.of(image, face), PersonMask.of(image, face));
  }

  private static int countPixels(int wanted) {
    int count = 0;
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
      count += part(i % WIDTH, i / WIDTH) == wanted ? 1 : 0;
    }
    return count;
  }

  /** 0 the wall, 1 hair, 2 skin, 3 clothes. */
  private static int part(int x, int y) {
    if (Math.hypot((x - 100) / 48.0, (y - 118) / 64.0) < 1
        || Math.abs(x - 100) < 26 && y > 150 && y < 215) {
      return 2;
    }
    if (Math.hypot((x - 100) / 78.0, (y - 70) / 66.0) < 1) {
      return 1;
    }
    return y > 200 + Math.abs(x - 100) * 0.3 ? 3 : 0;
  }

  private static RgbImage portrait() {
    int[][] colours = {{128, 128, 128}, {40, 32, 30}, {214, 172, 146}, {112, 112, 116}};
    Random random = new Random(7);
    byte[] rgb = new byte[WIDTH * HEIGHT * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (colours[part(i / 3 % WIDTH, i / 3 / WIDTH)][i % 3] + random.nextInt(9) - 4);
    }
    return RgbImage.of(WIDTH, HEIGHT, rgb);
  }
}
