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

/**
 * A single image with the photos above the headshots, so that both can be compared. The headshots
 * are in the order of the {@link Recommendation}; those to use have a green frame.
 */
public final class ContactSheet {
  private static final int WIDTH = 1360;
  private static final int MARGIN = 48;
  private static final int GAP = 16;
  private static final int MAX_PHOTOS_PER_ROW = 10;
  private static final int HEADSHOTS_PER_ROW = 4;
  private static final int HEADING_HEIGHT = 56;
  private static final int CAPTION_HEIGHT = 56;
  private static final int LINE_HEIGHT = 28;
  private static final Font WARNING_FONT = new Font(Font.SANS_SERIF, Font.BOLD, 19);
  private static final Color WARNING_BACKGROUND = new Color(0xFFF3CD);
  private static final Color WARNING_EDGE = new Color(0xB98900);
  private static final Color BACKGROUND = new Color(0xFAF8F5);
  // The green of the report.
  private static final Color FRAME = new Color(0x1D7A4A);

  private ContactSheet() {}

  /**
   * Paints the sheet, 1360 pixels wide. Warnings come first, then photos, then headshots.
   *
   * @param recommendation the headshots, at least one
   * @param footer one line of text at the bottom
   * @return the sheet
   */
  public static RgbImage of(Recommendation recommendation, String footer) {
    List<RgbImage> photos = recommendation
        .made()
        .review()
        .map(review -> review.accepted().stream().map(AcceptedPhoto::image).toList())
        .orElse(List.of());
    return of(photos, recommendation, footer);
  }

  /** Paints the sheet with the given photos. */
  static RgbImage of(List<RgbImage> photos, Recommendation recommendation, String footer) {
    List<String> lines = wrap(recommendation.made().warnings());
    int headshots = recommendation.choices().size();
    int warningHeight = lines.isEmpty() ? 0 : lines.size() * LINE_HEIGHT + 3 * GAP;
    SheetGrid above = new SheetGrid(
        WIDTH - 2 * MARGIN, Math.max(6, Math.min(photos.size(), MAX_PHOTOS_PER_ROW)), GAP, 0);
    SheetGrid below = new SheetGrid(WIDTH - 2 * MARGIN, HEADSHOTS_PER_ROW, GAP, CAPTION_HEIGHT);
    int photosHeight = photos.isEmpty() ? 0 : HEADING_HEIGHT + above.height(photos.size()) + GAP;
    int height = MARGIN
        + warningHeight
        + photosHeight
        + HEADING_HEIGHT
        + below.height(headshots)
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
    pen.paintHeading("Headshots", recommendation.sentence(), MARGIN, y);
    paintHeadshots(pen, below, recommendation.choices(), y + HEADING_HEIGHT);
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
      SheetGraphics.SheetPen pen, SheetGrid grid, List<Recommendation.Choice> choices, int top) {
    for (int i = 0; i < choices.size(); i++) {
      Recommendation.Choice choice = choices.get(i);
      Headshot headshot = choice.headshot();
      int x = MARGIN + grid.x(i);
      int y = top + grid.y(i);
      int height = pen.paintImage(headshot.image(), x, y, grid.cellSize());
      if (choice.isRecommended()) {
        pen.paintImageFrame(headshot.image(), x, y, grid.cellSize(), FRAME);
      }
      pen.paintCaption(choice.file(), use(choice, i), x, y + height, grid.cellSize());
      pen.paintCaptionDetail(
          headshot.style().title() + ", seed " + headshot.seed(), x, y + height, grid.cellSize());
    }
  }

  private static String use(Recommendation.Choice choice, int position) {
    return choice.isRecommended()
        ? position == 0 ? "use first" : "use"
        : choice.card().isEmpty() || choice.isFlawless() ? "" : "has a flaw";
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
