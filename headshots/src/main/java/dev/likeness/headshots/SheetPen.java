package dev.likeness.headshots;

import dev.likeness.diffusion.image.Picture;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.RoundRectangle2D;

/** Draws the pictures and words of a contact sheet. */
final class SheetPen {
  private static final Color INK = new Color(0x23211F);
  private static final Color PALE = new Color(0x8A857F);
  private static final Font HEADING = new Font(Font.SANS_SERIF, Font.BOLD, 26);
  private static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 17);
  private static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 14);
  private static final int ROUND = 12;

  private final Graphics2D paper;
  private final boolean letters;

  SheetPen(Graphics2D paper) {
    this.paper = paper;
    paper.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    paper.setRenderingHint(RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    paper.setRenderingHint(RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    this.letters = hasFonts();
  }

  /** A heading whose box begins at {@code y}, with a pale remark behind it. */
  void heading(String text, String remark, int x, int y) {
    int end = write(text, HEADING, INK, x, y + 30);
    write(remark, TEXT, PALE, end + 14, y + 30);
  }

  /** A line below a picture: what it is at the left, a pale remark at the right end. */
  void caption(String text, String remark, int x, int y, int width) {
    write(text, TEXT, INK, x + 2, y + 24);
    if (letters) {
      FontMetrics metrics = paper.getFontMetrics(SMALL);
      write(remark, SMALL, PALE, x + width - 2 - metrics.stringWidth(remark), y + 24);
    }
  }

  void footer(String text, int x, int y) {
    write(text, SMALL, PALE, x, y);
  }

  /** The middle square of {@code picture} with rounded corners. */
  void picture(Picture picture, int x, int y, int side) {
    int square = Math.min(picture.width(), picture.height());
    Picture middle = picture.crop((picture.width() - square) / 2, (picture.height() - square) / 2, square, square);
    paper.setClip(new RoundRectangle2D.Float(x, y, side, side, ROUND, ROUND));
    paper.drawImage(SheetScaling.to(middle.toBufferedImage(), side), x, y, side, side, null);
    paper.setClip(null);
  }

  /** All of {@code picture}, as large as fits into a square. */
  void whole(Picture picture, int x, int y, int side) {
    double scale = (double) side / Math.max(picture.width(), picture.height());
    int width = (int) Math.round(scale * picture.width());
    int height = (int) Math.round(scale * picture.height());
    paper.drawImage(picture.toBufferedImage(), x + (side - width) / 2, y + (side - height) / 2, width, height, null);
  }

  private int write(String text, Font font, Color colour, int x, int y) {
    if (!letters) {
      return x;
    }
    paper.setFont(font);
    paper.setColor(colour);
    paper.drawString(text, x, y);
    return x + paper.getFontMetrics(font).stringWidth(text);
  }

  // A container without fontconfig has no font at all; a sheet without words is better than none.
  private boolean hasFonts() {
    try {
      return paper.getFontMetrics(TEXT).stringWidth("x") > 0;
    } catch (InternalError | RuntimeException noFontConfiguration) {
      return false;
    }
  }
}
