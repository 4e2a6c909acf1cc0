package dev.likeness.headshots.report;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.internal.sheet.SheetGraphics;
import java.awt.Color;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;

/** A single image with the photos above the headshots, so that both can be compared. */
public final class ContactSheet {
  private static final int WIDTH = 1360;
  private static final int MARGIN = 48;
  private static final int GAP = 16;
  private static final int MAX_PHOTOS_PER_ROW = 10;
  private static final int HEADSHOTS_PER_ROW = 4;
  private static final int HEADING_HEIGHT = 56;
  private static final int CAPTION_HEIGHT = 34;
  private static final int LINE_HEIGHT = 28;
  private static final Font WARNING_FONT = new Font(Font.SANS_SERIF, Font.BOLD, 19);
  private static final Color WARNING_BACKGROUND = new Color(0xFFF3CD);
  private static final Color WARNING_EDGE = new Color(0xB98900);
  private static final Color BACKGROUND = new Color(0xFAF8F5);

  private ContactSheet() {}

  /**
   * Paints the sheet, 1360 pixels wide, without warnings.
   *
   * @param photos the person's photos; empty for a person from a file
   * @param headshots the headshots, at least one
   * @param footer one line of text at the bottom
   * @return the sheet
   */
  public static RgbImage of(List<RgbImage> photos, List<Headshot> headshots, String footer) {
    return of(List.of(), photos, headshots, footer);
  }

  /**
   * Paints the sheet, 1360 pixels wide. Warnings come first, then photos, then headshots.
   *
   * @param made the summary of person, photos and base
   * @param headshots the headshots, at least one
   * @param footer one line of text at the bottom
   * @return the sheet
   */
  public static RgbImage of(ShootSummary made, List<Headshot> headshots, String footer) {
    List<RgbImage> photos = made.review()
        .map(review -> review.accepted().stream().map(AcceptedPhoto::image).toList())
        .orElse(List.of());
    return of(made.warnings(), photos, headshots, footer);
  }

  private static RgbImage of(
      List<String> warnings, List<RgbImage> photos, List<Headshot> headshots, String footer) {
    List<String> lines = wrap(warnings);
    int warningHeight = lines.isEmpty() ? 0 : lines.size() * LINE_HEIGHT + 3 * GAP;
    SheetGrid above = new SheetGrid(
        WIDTH - 2 * MARGIN, Math.max(6, Math.min(photos.size(), MAX_PHOTOS_PER_ROW)), GAP, 0);
    SheetGrid below = new SheetGrid(WIDTH - 2 * MARGIN, HEADSHOTS_PER_ROW, GAP, CAPTION_HEIGHT);
    int photosHeight = photos.isEmpty() ? 0 : HEADING_HEIGHT + above.height(photos.size()) + GAP;
    int height = MARGIN
        + warningHeight
        + photosHeight
        + HEADING_HEIGHT
        + below.height(headshots.size())
        + MARGIN
        + GAP;
    BufferedImage image = new BufferedImage(WIDTH, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D paper = image.createGraphics();
    paper.setColor(BACKGROUND);
    paper.fillRect(0, 0, WIDTH, height);
    SheetGraphics.SheetPen pen = new SheetGraphics.SheetPen(paper);
    int y = MARGIN;
    paintWarnings(new SheetGraphics(paper), lines, y);
    y += warningHeight;
    if (!photos.isEmpty()) {
      pen.paintHeading("Photos", photos.size() + " used", MARGIN, y);
      paintPhotos(pen, above, photos, y + HEADING_HEIGHT);
      y += photosHeight;
    }
    pen.paintHeading("Headshots", String.valueOf(headshots.size()), MARGIN, y);
    paintHeadshots(pen, below, headshots, y + HEADING_HEIGHT);
    pen.paintFooter(footer, MARGIN, height - MARGIN / 2);
    paper.dispose();
    return RgbImage.of(image);
  }

  private static List<String> wrap(List<String> warnings) {
    Graphics2D measure = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
    SheetGraphics graphics = new SheetGraphics(measure);
    List<String> lines = warnings.stream()
        .flatMap(warning ->
            graphics.wrap(warning, WARNING_FONT, WIDTH - 2 * MARGIN - 3 * GAP, 6).stream())
        .toList();
    measure.dispose();
    return lines;
  }

  private static void paintWarnings(SheetGraphics graphics, List<String> lines, int top) {
    if (lines.isEmpty()) {
      return;
    }
    int height = lines.size() * LINE_HEIGHT + 2 * GAP;
    graphics.paintPanel(MARGIN, top, WIDTH - 2 * MARGIN, height, WARNING_EDGE);
    graphics.paintPanel(
        MARGIN + GAP / 2, top, WIDTH - 2 * MARGIN - GAP / 2, height, WARNING_BACKGROUND);
    for (int i = 0; i < lines.size(); i++) {
      graphics.paintText(
          lines.get(i),
          MARGIN + 1.5 * GAP,
          top + GAP + (i + 0.75) * LINE_HEIGHT,
          WARNING_FONT,
          SheetGraphics.INK);
    }
  }

  private static void paintPhotos(
      SheetGraphics.SheetPen pen, SheetGrid grid, List<RgbImage> photos, int top) {
    for (int i = 0; i < photos.size(); i++) {
      pen.paintImage(photos.get(i), MARGIN + grid.x(i), top + grid.y(i), grid.cellSize());
    }
  }

  private static void paintHeadshots(
      SheetGraphics.SheetPen pen, SheetGrid grid, List<Headshot> headshots, int top) {
    for (int i = 0; i < headshots.size(); i++) {
      Headshot headshot = headshots.get(i);
      int x = MARGIN + grid.x(i);
      int y = top + grid.y(i);
      int height = pen.paintImage(headshot.image(), x, y, grid.cellSize());
      pen.paintCaption(
          headshot.style().title(), "seed " + headshot.seed(), x, y + height, grid.cellSize());
    }
  }

  /**
   * A grid of square cells.
   *
   * @param width width of the grid in pixels
   * @param columns cells in a row
   * @param gap pixels between cells
   * @param captionHeight pixels for a caption under each cell
   */
  record SheetGrid(int width, int columns, int gap, int captionHeight) {
    int cellSize() {
      return (width - gap * (columns - 1)) / columns;
    }

    int x(int index) {
      return index % columns * (cellSize() + gap);
    }

    int y(int index) {
      return index / columns * (cellSize() + captionHeight + gap);
    }

    int height(int count) {
      int rows = (count + columns - 1) / columns;
      return rows * (cellSize() + captionHeight) + Math.max(0, rows - 1) * gap;
    }
  }
}
