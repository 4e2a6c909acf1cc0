package dev.likeness.provenance;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.CancelledHalfway;
import dev.likeness.provenance.signing.TrustAnchors;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Verifying and marking of an image stop between rows, passes and hashes. */
class CancelledInspectionTest {
  private static final int SIDE = 512;

  private static RgbImage noise() {
    byte[] rgb = new byte[SIDE * SIDE * 3];
    new Random(1).nextBytes(rgb);
    return RgbImage.of(SIDE, SIDE, rgb);
  }

  @Test
  void verifying() {
    byte[] png = noise().toPng();
    // A report of each row, and a row of blocks of the watermark each eight pixels or less.
    CancelledHalfway.stops(
        SIDE + SIDE / 8, () -> Provenance.inspect("image.png", png, TrustAnchors.NONE));
  }

  @Test
  void marking() {
    RgbImage image = noise();
    CancelledHalfway.stops(2 * SIDE / 8, () -> Watermark.embed(image));
  }
}
