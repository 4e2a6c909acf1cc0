package dev.likeness.photos.internal.sheet;

import dev.likeness.diffusion.image.RgbImage;
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
import java.awt.image.BufferedImage;
import java.util.ArrayList;
import java.util.List;

/** The fonts, colours and shapes of a review sheet. */
public final class SheetGraphics {
  public static final Font HEADING = new Font(Font.SANS_SERIF, Font.BOLD, 28);
  public static final Font TITLE = new Font(Font.SANS_SERIF, Font.BOLD, 15);
  public static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 16);
  public static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 13);
  public static final Color INK = new Color(32, 32, 34);
  public static final Color GREY = new Color(112, 112, 118);
  private static final Color TRACK = new Color(222, 222, 218);
  private static final String ELLIPSIS = "…";

  private final Graphics2D graphics;
  private final boolean canPaintText;

  public SheetGraphics(Graphics2D graphics) {
    this.graphics = graphics;
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(
        RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    canPaintText = hasFonts();
  }

  // A container without fontconfig has no fonts. The sheet then has no text.
  private boolean hasFonts() {
    try {
      return graphics.getFontMetrics(TEXT).stringWidth("x") > 0;
    } catch (InternalError | LinkageError | RuntimeException noFonts) {
      return false;
    }
  }

  /**
   * Returns green, amber or red, dark enough to be distinguished on white. The verdict's word
   * always stands beside it.
   */
  public static Color colorOf(Verdict verdict) {
    return switch (verdict) {
      case KEEP -> new Color(24, 128, 84);
      case WARN -> new Color(196, 124, 0);
      case REJECT -> new Color(190, 44, 44);
    };
  }

  public Graphics2D graphics() {
    return graphics;
  }

  public void paintText(String text, double x, double y, Font font, Color color) {
    if (!canPaintText) {
      return;
    }
    graphics.setFont(font);
    graphics.setColor(color);
    graphics.drawString(text, (float) x, (float) y);
  }

  public void paintPanel(double x, double y, double width, double height, Color color) {
    graphics.setColor(color);
    graphics.fill(new RoundRectangle2D.Double(x, y, width, height, 12, 12));
  }

  public void paintBar(double x, double y, double width, double share) {
    paintPanel(x, y, width, 8, TRACK);
    Verdict verdict = share >= 0.7 ? Verdict.KEEP : share >= 0.4 ? Verdict.WARN : Verdict.REJECT;
    paintPanel(x, y, Math.max(8, width * share), 8, colorOf(verdict));
  }

  public void paintFrame(Rectangle2D box, Color color) {
    graphics.setStroke(new BasicStroke(4.5f));
    graphics.setColor(new Color(255, 255, 255, 170));
    graphics.draw(box);
    graphics.setStroke(new BasicStroke(2.5f));
    graphics.setColor(color);
    graphics.draw(box);
  }

  public void paintDot(double x, double y, double radius, Color color) {
    graphics.setColor(Color.WHITE);
    graphics.fill(new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius));
    graphics.setColor(color);
    graphics.fill(
        new Ellipse2D.Double(x - 0.7 * radius, y - 0.7 * radius, 1.4 * radius, 1.4 * radius));
  }

  /**
   * Shortens a text in its middle until it is at most {@code width} pixels wide. File names differ
   * least in the middle.
   */
  public String fit(String text, Font font, int width) {
    if (!canPaintText) {
      return text;
    }
    FontMetrics metrics = graphics.getFontMetrics(font);
    String fitted = text;
    for (int keep = text.length() - 1; metrics.stringWidth(fitted) > width && keep > 2; keep--) {
      fitted = text.substring(0, keep / 2)
          + ELLIPSIS
          + text.substring(text.length() - (keep - keep / 2));
    }
    return fitted;
  }

  /**
   * Breaks a text between words into at most {@code most} lines. An ellipsis ends a text that is
   * too long.
   */
  public List<String> wrap(String text, Font font, int width, int most) {
    if (!canPaintText) {
      return List.of();
    }
    FontMetrics metrics = graphics.getFontMetrics(font);
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
      lines.set(most - 1, shorten(lines.get(most - 1), metrics, width));
    }
    return lines.stream().limit(most).map(part -> fit(part, font, width)).toList();
  }

  private static String shorten(String line, FontMetrics metrics, int width) {
    String left = line;
    while (metrics.stringWidth(left + ELLIPSIS) > width && left.contains(" ")) {
      left = left.substring(0, left.lastIndexOf(' '));
    }
    return left + ELLIPSIS;
  }

  /** Renders the images and texts of a contact sheet. */
  public static final class SheetPen {
    private static final Color INK = new Color(0x23211F);
    private static final Color GREY = new Color(0x8A857F);
    private static final Font HEADING = new Font(Font.SANS_SERIF, Font.BOLD, 26);
    private static final Font TEXT = new Font(Font.SANS_SERIF, Font.PLAIN, 17);
    private static final Font SMALL = new Font(Font.SANS_SERIF, Font.PLAIN, 14);
    private static final int CORNER_RADIUS = 12;
    private static final float FRAME_WIDTH = 4;

    private final Graphics2D graphics;
    private final boolean canPaintText;

    public SheetPen(Graphics2D graphics) {
      this.graphics = graphics;
      graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      graphics.setRenderingHint(
          RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
      this.canPaintText = hasFonts();
    }

    /** Renders a heading with its top at {@code y}, followed by a remark in grey. */
    public void paintHeading(String text, String remark, int x, int y) {
      int end = paintText(text, HEADING, INK, x, y + 30);
      paintText(remark, TEXT, GREY, end + 14, y + 30);
    }

    /** Renders a line below an image: the text at the left, a remark in grey at the right. */
    public void paintCaption(String text, String remark, int x, int y, int width) {
      if (canPaintText) {
        int behind = graphics.getFontMetrics(SMALL).stringWidth(remark);
        paintText(
            shorten(text, graphics.getFontMetrics(TEXT), width - behind - 12),
            TEXT,
            INK,
            x + 2,
            y + 24);
        paintText(remark, SMALL, GREY, x + width - 2 - behind, y + 24);
      }
    }

    /** Renders a second line below an image, in grey. */
    public void paintCaptionDetail(String text, int x, int y, int width) {
      if (canPaintText) {
        String shown = shorten(text, graphics.getFontMetrics(SMALL), width - 4);
        paintText(shown, SMALL, GREY, x + 2, y + 46);
      }
    }

    private static String shorten(String text, FontMetrics metrics, int room) {
      String part = text;
      while (!part.isEmpty() && metrics.stringWidth(part.equals(text) ? text : part + "…") > room) {
        part = part.substring(0, part.length() - 1);
      }
      return part.equals(text) ? text : part.stripTrailing() + "…";
    }

    public void paintFooter(String text, int x, int y) {
      paintText(text, SMALL, GREY, x, y);
    }

    /**
     * Renders an image with rounded corners at the top left of a square cell, as large as the cell
     * allows.
     *
     * @return the height in pixels
     */
    public int paintImage(RgbImage image, int x, int y, int cell) {
      int width = side(image.width(), image, cell);
      int height = side(image.height(), image, cell);
      graphics.setClip(
          new RoundRectangle2D.Float(x, y, width, height, CORNER_RADIUS, CORNER_RADIUS));
      graphics.drawImage(SheetScaling.scale(image.toBufferedImage(), width, height), x, y, null);
      graphics.setClip(null);
      return height;
    }

    /** Renders a frame inside the edges of an image that {@link #paintImage} rendered. */
    public void paintImageFrame(RgbImage image, int x, int y, int cell, Color colour) {
      graphics.setColor(colour);
      graphics.setStroke(new BasicStroke(FRAME_WIDTH));
      graphics.draw(new RoundRectangle2D.Float(
          x + FRAME_WIDTH / 2,
          y + FRAME_WIDTH / 2,
          side(image.width(), image, cell) - FRAME_WIDTH,
          side(image.height(), image, cell) - FRAME_WIDTH,
          CORNER_RADIUS,
          CORNER_RADIUS));
    }

    private static int side(int pixels, RgbImage image, int cell) {
      double scale = (double) cell / Math.max(image.width(), image.height());
      return Math.max(1, (int) Math.round(scale * pixels));
    }

    private int paintText(String text, Font font, Color colour, int x, int y) {
      if (!canPaintText) {
        return x;
      }
      graphics.setFont(font);
      graphics.setColor(colour);
      graphics.drawString(text, x, y);
      return x + graphics.getFontMetrics(font).stringWidth(text);
    }

    // A container without fontconfig has no fonts; one without freetype cannot load the font
    // renderer. The sheet then has no text.
    private boolean hasFonts() {
      try {
        return graphics.getFontMetrics(TEXT).stringWidth("x") > 0;
      } catch (InternalError | LinkageError | RuntimeException noFonts) {
        return false;
      }
    }
  }

  /** Reduces images without aliasing: halves them until one interpolation is enough. */
  static final class SheetScaling {
    private SheetScaling() {}

    static BufferedImage scale(BufferedImage image, int width, int height) {
      BufferedImage now = image;
      while (now.getWidth() >= 2 * width && now.getHeight() >= 2 * height) {
        now = scaleOnce(now, now.getWidth() / 2, now.getHeight() / 2);
      }
      return now.getWidth() == width && now.getHeight() == height
          ? now
          : scaleOnce(now, width, height);
    }

    private static BufferedImage scaleOnce(BufferedImage image, int width, int height) {
      BufferedImage out = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
      Graphics2D graphics = out.createGraphics();
      graphics.setRenderingHint(
          RenderingHints.KEY_INTERPOLATION,
          width > image.getWidth()
              ? RenderingHints.VALUE_INTERPOLATION_BICUBIC
              : RenderingHints.VALUE_INTERPOLATION_BILINEAR);
      graphics.drawImage(image, 0, 0, width, height, null);
      graphics.dispose();
      return out;
    }
  }
}
