package dev.likeness.photos.internal.image;

import dev.likeness.photos.quality.Verdict;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Rectangle2D;
import java.awt.geom.RoundRectangle2D;
import java.util.ArrayList;
import java.util.List;

/** The colours, letters and shapes of a review sheet. */
public final class SheetGraphics {
  public static final Font HEADING = new Font(Font.SANS_SERIF, Font.BOLD, 28);
  public static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 15);
  public static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 16);
  public static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
  public static final Color INK = new Color(32, 32, 34);
  public static final Color GREY = new Color(112, 112, 118);
  private static final Color TRACK = new Color(222, 222, 218);
  private static final String ELLIPSIS = "…";

  private final Graphics2D g;
  private final boolean letters;

  public SheetGraphics(Graphics2D g) {
    this.g = g;
    g.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    g.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    g.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    letters = hasFonts();
  }

  // A container without fontconfig has no font at all; a sheet without words is better than none.
  private boolean hasFonts() {
    try {
      return g.getFontMetrics(TEXT).stringWidth("x") > 0;
    } catch (InternalError | LinkageError | RuntimeException noFonts) {
      return false;
    }
  }

  /**
   * Green, amber or red: dark enough to be told apart on white by anyone, and always beside the
   * word.
   */
  public static Color of(Verdict verdict) {
    return switch (verdict) {
      case KEEP -> new Color(24, 128, 84);
      case WARN -> new Color(196, 124, 0);
      case REJECT -> new Color(190, 44, 44);
    };
  }

  public Graphics2D graphics() {
    return g;
  }

  public void text(String text, double x, double y, Font font, Color color) {
    if (!letters) {
      return;
    }
    g.setFont(font);
    g.setColor(color);
    g.drawString(text, (float) x, (float) y);
  }

  public void panel(double x, double y, double width, double height, Color color) {
    g.setColor(color);
    g.fill(new RoundRectangle2D.Double(x, y, width, height, 12, 12));
  }

  public void bar(double x, double y, double width, double share) {
    panel(x, y, width, 8, TRACK);
    Verdict verdict = share >= 0.7 ? Verdict.KEEP : share >= 0.4 ? Verdict.WARN : Verdict.REJECT;
    panel(x, y, Math.max(8, width * share), 8, of(verdict));
  }

  public void frame(Rectangle2D box, Color color) {
    g.setStroke(new BasicStroke(4.5f));
    g.setColor(new Color(255, 255, 255, 170));
    g.draw(box);
    g.setStroke(new BasicStroke(2.5f));
    g.setColor(color);
    g.draw(box);
  }

  public void dot(double x, double y, double radius, Color color) {
    g.setColor(Color.WHITE);
    g.fill(new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius));
    g.setColor(color);
    g.fill(new Ellipse2D.Double(x - 0.7 * radius, y - 0.7 * radius, 1.4 * radius, 1.4 * radius));
  }

  /**
   * The text cut in the middle, where file names differ least, until it is at most {@code width}
   * wide.
   */
  public String fitted(String text, Font font, int width) {
    if (!letters) {
      return text;
    }
    FontMetrics metrics = g.getFontMetrics(font);
    String fitted = text;
    for (int keep = text.length() - 1; metrics.stringWidth(fitted) > width && keep > 2; keep--) {
      fitted = text.substring(0, keep / 2)
          + ELLIPSIS
          + text.substring(text.length() - (keep - keep / 2));
    }
    return fitted;
  }

  /**
   * The text broken between words into at most {@code most} lines; what is left over ends in an
   * ellipsis.
   */
  public List<String> wrapped(String text, Font font, int width, int most) {
    if (!letters) {
      return List.of();
    }
    FontMetrics metrics = g.getFontMetrics(font);
    List<String> lines = new ArrayList<>();
    StringBuilder line = new StringBuilder();
    for (String word : text.split(" ")) {
      String longer = line.isEmpty() ? word : line + " " + word;
      if (metrics.stringWidth(longer) > width && !line.isEmpty()) {
        lines.add(line.toString());
        line = new StringBuilder(word);
      } else {
        line = new StringBuilder(longer);
      }
    }
    lines.add(line.toString());
    if (lines.size() > most) {
      lines.set(most - 1, shortened(lines.get(most - 1), metrics, width));
    }
    return lines.stream().limit(most).map(part -> fitted(part, font, width)).toList();
  }

  private static String shortened(String line, FontMetrics metrics, int width) {
    String left = line;
    while (metrics.stringWidth(left + ELLIPSIS) > width && left.contains(" ")) {
      left = left.substring(0, left.lastIndexOf(' '));
    }
    return left + ELLIPSIS;
  }
}
