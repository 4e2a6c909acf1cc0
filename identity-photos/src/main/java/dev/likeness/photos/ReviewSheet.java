package dev.likeness.photos;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.image.SheetGraphics;
import dev.likeness.photos.quality.Verdict;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Draws a review: a heading, one card a photo in a grid, and the advice below. */
final class ReviewSheet {
  private static final int COLUMNS = 4;
  private static final int MARGIN = 36;
  private static final int GAP = 20;
  private static final int HEADING = 92;
  private static final int LINE = 26;

  private ReviewSheet() {}

  static RgbImage draw(PhotoReview review, List<Optional<Preview>> previews) {
    int columns = Math.min(COLUMNS, review.photos().size());
    int rows = (review.photos().size() + columns - 1) / columns;
    int width = Math.max(900, 2 * MARGIN + columns * PhotoCard.WIDTH + (columns - 1) * GAP);
    int advice = review.set().advice().isEmpty() ? 0 : (review.set().advice().size() + 1) * LINE;
    int height = MARGIN + HEADING + rows * (PhotoCard.HEIGHT + GAP) + advice + MARGIN - GAP;
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    try {
      g.setColor(new Color(246, 246, 244));
      g.fillRect(0, 0, width, height);
      SheetGraphics pen = new SheetGraphics(g);
      heading(pen, review, width);
      for (int i = 0; i < review.photos().size(); i++) {
        int x = MARGIN + i % columns * (PhotoCard.WIDTH + GAP);
        int y = MARGIN + HEADING + i / columns * (PhotoCard.HEIGHT + GAP);
        new PhotoCard(review.photos().get(i), previews.get(i)).draw(pen, x, y);
      }
      advice(pen, review, MARGIN + HEADING + rows * (PhotoCard.HEIGHT + GAP));
    } finally {
      g.dispose();
    }
    return RgbImage.of(image);
  }

  private static void heading(SheetGraphics pen, PhotoReview review, int width) {
    SetVerdict set = review.set();
    pen.text(
        String.format(Locale.ROOT, "%d of %d photos can be used", set.accepted(), set.photos()),
        MARGIN,
        MARGIN + 24,
        SheetGraphics.HEADING,
        SheetGraphics.INK);
    long warned = review.photos().stream()
        .filter(photo -> photo.verdict() == Verdict.WARN)
        .count();
    String detail =
        warned == 0 ? "" : String.format(Locale.ROOT, "%d of them with a warning    ", warned);
    pen.text(
        detail + String.format(Locale.ROOT, "readiness %.0f %%", 100 * set.readiness()),
        MARGIN,
        MARGIN + 54,
        SheetGraphics.TEXT,
        SheetGraphics.GREY);
    pen.bar(MARGIN, MARGIN + 66, width - 2 * MARGIN, set.readiness());
  }

  private static void advice(SheetGraphics pen, PhotoReview review, int y) {
    int at = y + LINE / 2;
    for (String sentence : review.set().advice()) {
      pen.text("•  " + sentence, MARGIN, at += LINE, SheetGraphics.TEXT, SheetGraphics.INK);
    }
  }
}
