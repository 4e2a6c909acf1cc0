package dev.likeness.headshots.internal.generation;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EditMaskTest {
  private static final int SIDE = 200;
  private static final Face FACE = new Face(
      new BoundingBox(60, 40, 80, 80), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());

  @Test
  void coversTheWholeNecklineUpToTheShadowOfTheChin() {
    RgbImage mask = EditMask.of(portrait(), FACE, Set.of(Style.Part.OUTFIT));
    assertTrue(mask.at(52, 126, 0) > 200, "a shoulder beside the neck: " + mask.at(52, 126, 0));
    assertEquals(0, mask.at(100, 120, 0), "the chin");
    assertEquals(0, mask.at(100, 125, 0), "the tip of the chin");
    assertEquals(255, mask.at(100, 133, 0), "a collar in the shadow of the chin");
    for (int x = 66; x <= 134; x++) {
      assertTrue(mask.at(x, 133, 0) > 250, "the neckline at " + x + ": " + mask.at(x, 133, 0));
    }
    assertTrue(mask.at(70, 124, 0) > 200 && mask.at(129, 124, 0) > 200, "a collar beside the jaw");
    assertTrue(mask.at(100, 170, 0) > 250, "the chest: " + mask.at(100, 170, 0));
    assertTrue(mask.at(100, 90, 0) < 5 && mask.at(10, 30, 0) < 5, "face and wall");
  }

  @Test
  void coversTheBackdropUpToTheFaceAndTheEdgeOfHair() {
    RgbImage mask = EditMask.of(portrait(), FACE, Set.of(Style.Part.BACKDROP));
    assertTrue(
        mask.at(10, 30, 0) == 255 && mask.at(54, 90, 0) > 200,
        "the wall, beside the cheek, too: " + mask.at(54, 90, 0));
    assertTrue(mask.at(100, 27, 0) > 200, "within the outline of the hair: " + mask.at(100, 27, 0));
    assertTrue(
        mask.at(100, 76, 0) == 0 && mask.at(80, 90, 0) == 0 && mask.at(100, 170, 0) == 0,
        "eyes, cheek and chest");
  }

  /** Head and neck, and shoulders that begin beside the neck, before a light wall. */
  private static RgbImage portrait() {
    byte[] rgb = new byte[SIDE * SIDE * 3];
    for (int i = 0; i < rgb.length; i++) {
      int x = i / 3 % SIDE;
      int y = i / 3 / SIDE;
      boolean head =
          Math.hypot((x - 100) / 36.0, (y - 76) / 52.0) < 1 || Math.abs(x - 100) < 20 && y > 100;
      boolean body = y > 114 + Math.abs(x - 100) * 0.1;
      rgb[i] = (byte) (head ? 160 : body ? 30 : 225);
    }
    return RgbImage.of(SIDE, SIDE, rgb);
  }
}
