package dev.likeness.photos.internal.image;

import dev.likeness.diffusion.image.RgbImage;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.RoundRectangle2D;

/** Draws the pictures and words of a contact sheet. */
public final class SheetPen {
  private static final Color INK = new Color(0x23211F);
  private static final Color PALE = new Color(0x8A857F);
  private static final Font HEADING = new Font(Font.SANS_SERIF, Font.BOLD, 26);
  private static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 17);
  private static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 14);
  private static final int ROUND = 12;

  private final Graphics2D paper;
  private final boolean letters;

  public SheetPen(Graphics2D paper) {
    this.paper = paper;
    paper.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    paper.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    paper.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    this.letters = hasFonts();
  }

  /** A heading whose box begins at {@code y}, with a pale remark behind it. */
  public void heading(String text, String remark, int x, int y) {
    int end = write(text, HEADING, INK, x, y + 30);
    write(remark, TEXT, PALE, end + 14, y + 30);
  }

  /** A line below a picture: what it is at the left, a pale remark at the right end. */
  public void caption(String text, String remark, int x, int y, int width) {
    if (letters) {
      int behind = paper.getFontMetrics(SMALL).stringWidth(remark);
      write(
          shortened(text, paper.getFontMetrics(TEXT), width - behind - 12),
          TEXT,
          INK,
          x + 2,
          y + 24);
      write(remark, SMALL, PALE, x + width - 2 - behind, y + 24);
    }
  }

  private static String shortened(String text, FontMetrics metrics, int room) {
    String part = text;
    while (!part.isEmpty() && metrics.stringWidth(part.equals(text) ? text : part + "…") > room) {
      part = part.substring(0, part.length() - 1);
    }
    return part.equals(text) ? text : part.stripTrailing() + "…";
  }

  public void footer(String text, int x, int y) {
    write(text, SMALL, PALE, x, y);
  }

  /**
   * All of {@code picture} with rounded corners, as large as fits into a square cell, at its top
   * left.
   *
   * @return how high it is
   */
  public int picture(RgbImage picture, int x, int y, int cell) {
    double scale = (double) cell / Math.max(picture.width(), picture.height());
    int width = Math.max(1, (int) Math.round(scale * picture.width()));
    int height = Math.max(1, (int) Math.round(scale * picture.height()));
    paper.setClip(new RoundRectangle2D.Float(x, y, width, height, ROUND, ROUND));
    paper.drawImage(SheetScaling.to(picture.toBufferedImage(), width, height), x, y, null);
    paper.setClip(null);
    return height;
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

  // A container without fontconfig has no font at all, one without freetype cannot load what draws
  // them; a sheet without words is better than none.
  private boolean hasFonts() {
    try {
      return paper.getFontMetrics(TEXT).stringWidth("x") > 0;
    } catch (InternalError | LinkageError | RuntimeException noFonts) {
      return false;
    }
  }
}
