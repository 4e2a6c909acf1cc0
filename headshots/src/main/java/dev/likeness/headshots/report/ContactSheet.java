package dev.likeness.headshots.report;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.photos.internal.sheet.SheetGraphics;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.util.List;

/** A single image with the photos above the headshots, so that they can be compared at a glance. */
public final class ContactSheet {
  private static final int WIDTH = 1360;
  private static final int MARGIN = 48;
  private static final int GAP = 16;
  private static final int MAX_PHOTOS_PER_ROW = 10;
  private static final int HEADSHOTS_PER_ROW = 4;
  private static final int HEADING_HEIGHT = 56;
  private static final int CAPTION_HEIGHT = 34;
  private static final Color BACKGROUND = new Color(0xFAF8F5);

  private ContactSheet() {}

  /**
   * Paints the sheet, 1360 pixels wide.
   *
   * @param photos the person's photos; may be empty, such as for a person from a file
   * @param headshots the headshots, at least one
   * @param footer one line of text at the bottom
   * @return the sheet
   */
  public static RgbImage of(List<RgbImage> photos, List<Headshot> headshots, String footer) {
    SheetGrid above = new SheetGrid(
        WIDTH - 2 * MARGIN, Math.max(6, Math.min(photos.size(), MAX_PHOTOS_PER_ROW)), GAP, 0);
    SheetGrid below = new SheetGrid(WIDTH - 2 * MARGIN, HEADSHOTS_PER_ROW, GAP, CAPTION_HEIGHT);
    int photosHeight = photos.isEmpty() ? 0 : HEADING_HEIGHT + above.height(photos.size()) + GAP;
    int height =
        MARGIN + photosHeight + HEADING_HEIGHT + below.height(headshots.size()) + MARGIN + GAP;
    BufferedImage image = new BufferedImage(WIDTH, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D paper = image.createGraphics();
    paper.setColor(BACKGROUND);
    paper.fillRect(0, 0, WIDTH, height);
    SheetGraphics.SheetPen pen = new SheetGraphics.SheetPen(paper);
    int y = MARGIN;
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
