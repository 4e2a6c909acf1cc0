package dev.likeness.photos;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.internal.sheet.SheetGraphics;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.Verdict;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Renders a review as an image: a heading, a grid with one card per photo, and the advice below.
 */
final class ReviewSheet {
  private static final int COLUMNS = 4;
  private static final int MARGIN = 36;
  private static final int GAP = 20;
  private static final int HEADING_HEIGHT = 92;
  private static final int LINE_HEIGHT = 26;

  private ReviewSheet() {}

  static RgbImage render(PhotoReview review, List<Optional<Preview>> previews) {
    int columns = Math.min(COLUMNS, review.photos().size());
    int rows = (review.photos().size() + columns - 1) / columns;
    int width = Math.max(900, 2 * MARGIN + columns * PhotoCard.WIDTH + (columns - 1) * GAP);
    int sentences = review.set().advice().size() + review.set().toolAdvice().size();
    int advice = sentences == 0 ? 0 : (sentences + 1) * LINE_HEIGHT;
    int height = MARGIN + HEADING_HEIGHT + rows * (PhotoCard.HEIGHT + GAP) + advice + MARGIN - GAP;
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D g = image.createGraphics();
    try {
      g.setColor(new Color(246, 246, 244));
      g.fillRect(0, 0, width, height);
      SheetGraphics pen = new SheetGraphics(g);
      paintHeading(pen, review, width);
      for (int i = 0; i < review.photos().size(); i++) {
        int x = MARGIN + i % columns * (PhotoCard.WIDTH + GAP);
        int y = MARGIN + HEADING_HEIGHT + i / columns * (PhotoCard.HEIGHT + GAP);
        new PhotoCard(review.photos().get(i), previews.get(i)).paint(pen, x, y);
      }
      paintAdvice(pen, review, MARGIN + HEADING_HEIGHT + rows * (PhotoCard.HEIGHT + GAP));
    } finally {
      g.dispose();
    }
    return RgbImage.of(image);
  }

  private static void paintHeading(SheetGraphics pen, PhotoReview review, int width) {
    SetVerdict set = review.set();
    pen.paintText(
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
    pen.paintText(
        detail + String.format(Locale.ROOT, "readiness %.0f %%", 100 * set.readiness()),
        MARGIN,
        MARGIN + 54,
        SheetGraphics.TEXT,
        SheetGraphics.GREY);
    pen.paintBar(MARGIN, MARGIN + 66, width - 2 * MARGIN, set.readiness());
  }

  private static void paintAdvice(SheetGraphics pen, PhotoReview review, int y) {
    int at = y + LINE_HEIGHT / 2;
    List<String> sentences = new ArrayList<>(review.set().advice());
    sentences.addAll(review.set().toolAdvice());
    for (String sentence : sentences) {
      pen.paintText(
          "•  " + sentence, MARGIN, at += LINE_HEIGHT, SheetGraphics.TEXT, SheetGraphics.INK);
    }
  }

  /**
   * The card of one photo: the reduced photo with framed faces and marked landmarks, then the
   * verdict and the reasons.
   */
  static final class PhotoCard {
    static final int WIDTH = 300;
    static final int HEIGHT = 400;
    private static final int PHOTO_SIZE = 276;
    private static final int INSET = 12;
    private static final int REASON_LINES = 3;

    private final PhotoVerdict verdict;
    private final Optional<Preview> preview;

    PhotoCard(PhotoVerdict verdict, Optional<Preview> preview) {
      this.verdict = verdict;
      this.preview = preview;
    }

    void paint(SheetGraphics pen, int x, int y) {
      pen.paintPanel(x, y, WIDTH, HEIGHT, Color.WHITE);
      pen.paintPanel(x + INSET, y + INSET, PHOTO_SIZE, PHOTO_SIZE, new Color(234, 234, 231));
      preview.ifPresentOrElse(
          small -> paintPhoto(pen, small, x + INSET, y + INSET),
          () -> pen.paintText(
              "no image",
              x + WIDTH / 2.0 - 36,
              y + INSET + PHOTO_SIZE / 2.0,
              SheetGraphics.TEXT,
              SheetGraphics.GREY));
      paintCaption(pen, x + INSET, y + INSET + PHOTO_SIZE);
    }

    private void paintCaption(SheetGraphics pen, int x, int y) {
      pen.paintPanel(x, y + 10, 58, 21, SheetGraphics.colorOf(verdict.verdict()));
      pen.paintText(verdict.verdict().id(), x + 9, y + 25, SheetGraphics.SMALL, Color.WHITE);
      pen.paintText(
          pen.fit(verdict.name(), SheetGraphics.TITLE, PHOTO_SIZE - 70),
          x + 68,
          y + 26,
          SheetGraphics.TITLE,
          SheetGraphics.INK);
      String reasons =
          verdict.reasons().stream().map(Reason::message).collect(Collectors.joining("; "));
      List<String> lines = pen.wrap(reasons, SheetGraphics.SMALL, PHOTO_SIZE, REASON_LINES);
      for (int i = 0; i < lines.size(); i++) {
        pen.paintText(lines.get(i), x, y + 52 + i * 18, SheetGraphics.SMALL, SheetGraphics.GREY);
      }
    }

    private void paintPhoto(SheetGraphics pen, Preview small, int x, int y) {
      BufferedImage image = small.image().toBufferedImage();
      double fit =
          Math.min((double) PHOTO_SIZE / image.getWidth(), (double) PHOTO_SIZE / image.getHeight());
      double left = x + (PHOTO_SIZE - fit * image.getWidth()) / 2;
      double top = y + (PHOTO_SIZE - fit * image.getHeight()) / 2;
      Shape clip = pen.graphics().getClip();
      pen.graphics().clip(new Rectangle2D.Double(x, y, PHOTO_SIZE, PHOTO_SIZE));
      pen.graphics()
          .drawImage(
              image,
              (int) Math.round(left),
              (int) Math.round(top),
              (int) Math.round(fit * image.getWidth()),
              (int) Math.round(fit * image.getHeight()),
              null);
      for (Face face : verdict.faces()) {
        paintFace(pen, face, fit * small.scale(), left, top);
      }
      pen.graphics().setClip(clip);
    }

    // The largest face has the colour of the verdict. Other faces are grey.
    private void paintFace(SheetGraphics pen, Face face, double scale, double dx, double dy) {
      boolean first = face == verdict.faces().get(0);
      Color color = first ? SheetGraphics.colorOf(verdict.verdict()) : SheetGraphics.GREY;
      BoundingBox box = face.box().scaled(scale).moved(dx, dy);
      pen.paintFrame(new Rectangle2D.Double(box.x(), box.y(), box.width(), box.height()), color);
      List<Point> points = face.landmarks()
          .map(Face.Landmarks::points)
          .orElseGet(
              () -> face.eyes().map(eyes -> List.of(eyes.left(), eyes.right())).orElse(List.of()));
      double radius = Math.max(1.5, Math.min(4, box.width() / 16));
      for (Point point : points) {
        pen.paintDot(
            point.x() * scale + dx,
            point.y() * scale + dy,
            radius,
            first ? SheetGraphics.colorOf(Verdict.KEEP) : SheetGraphics.GREY);
      }
    }
  }

  /**
   * A reduced photo for display.
   *
   * @param image the upright photo, reduced
   * @param scale width of the reduced photo divided by the width of the reviewed photo
   */
  record Preview(RgbImage image, double scale) {}
}
