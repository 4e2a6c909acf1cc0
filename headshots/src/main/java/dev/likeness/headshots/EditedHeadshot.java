package dev.likeness.headshots;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.SheetPen;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.Locale;

/**
 * A headshot before and after an edit.
 *
 * @param before as it was
 * @param after as it is now
 * @param mask the lighter the more was drawn anew, as large as {@code after}
 */
public record EditedHeadshot(Headshot before, Headshot after, RgbImage mask) {
  /**
   * What the file is called that tells of an edit; what it was changed to stands there as
   * {@code after}.
   */
  public static final String FILE = "edit.json";

  private static final int SIDE = 512;
  private static final int MARGIN = 32;
  private static final int HEADING = 56;
  private static final Color PAPER = new Color(0xFAF8F5);

  /** The share of the picture that was drawn anew, 0 to 1. */
  public double drawnAnew() {
    long sum = 0;
    for (int i = 0; i < mask.width() * mask.height(); i++) {
      sum += mask.at(i % mask.width(), i / mask.width(), 0);
    }
    return sum / 255.0 / mask.width() / mask.height();
  }

  /** Both beside each other, and where they differ. */
  public RgbImage comparison() {
    RgbImage[] shown = {before.picture(), after.picture(), mask};
    String[] headings = {"Before", "After", "Drawn anew"};
    BufferedImage image = new BufferedImage(
        MARGIN + shown.length * (SIDE + MARGIN),
        HEADING + SIDE + 2 * MARGIN,
        BufferedImage.TYPE_INT_RGB);
    Graphics2D paper = image.createGraphics();
    paper.setColor(PAPER);
    paper.fillRect(0, 0, image.getWidth(), image.getHeight());
    SheetPen pen = new SheetPen(paper);
    for (int i = 0; i < shown.length; i++) {
      int x = MARGIN + i * (SIDE + MARGIN);
      pen.heading(
          headings[i],
          i == 2 ? String.format(Locale.ROOT, "%.0f %%", 100 * drawnAnew()) : "",
          x,
          MARGIN / 2);
      pen.picture(shown[i], x, MARGIN / 2 + HEADING, SIDE);
    }
    paper.dispose();
    return RgbImage.of(image);
  }
}
