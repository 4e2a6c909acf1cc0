package dev.likeness.provenance;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.LineBreakMeasurer;
import java.awt.font.TextAttribute;
import java.awt.font.TextLayout;
import java.awt.image.BufferedImage;
import java.text.AttributedString;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Words in the lower left corner of a picture that anybody can read, in as many lines as they need.
 */
final class VisibleLabel {
  private static final Color GROUND = new Color(0, 0, 0, 150);
  private static final int SMALLEST = 10;

  private VisibleLabel() {}

  /**
   * The picture with {@code text} on it, white on a dark strip, its letters a thirtieth of the
   * height.
   *
   * @throws ResourceLimitException when the machine has no font
   */
  static RgbImage on(RgbImage picture, String text) {
    BufferedImage image = picture.toBufferedImage();
    Graphics2D pen = image.createGraphics();
    try {
      pen.setRenderingHint(
          RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
      pen.setFont(new Font(Font.SANS_SERIF, Font.BOLD, Math.max(SMALLEST, picture.height() / 30)));
      FontMetrics metrics = pen.getFontMetrics();
      int margin = metrics.getHeight() / 2;
      List<TextLayout> lines = lines(text, pen, picture.width() - 2 * margin);
      int top = picture.height() - lines.size() * metrics.getHeight() - margin;
      int width = (int)
          Math.ceil(lines.stream().mapToDouble(TextLayout::getAdvance).max().orElseThrow());
      pen.setColor(GROUND);
      pen.fillRect(0, top, width + 2 * margin, picture.height() - top);
      pen.setColor(Color.WHITE);
      for (int i = 0; i < lines.size(); i++) {
        lines
            .get(i)
            .draw(pen, margin, top + margin / 2 + i * metrics.getHeight() + metrics.getAscent());
      }
    } catch (InternalError | LinkageError | RuntimeException noFonts) {
      throw new ResourceLimitException(
          "this machine has no font for the label \"" + text + "\"; install one (fontconfig and any"
              + " TrueType font), or draw without a label",
          noFonts);
    } finally {
      pen.dispose();
    }
    return RgbImage.of(image);
  }

  private static List<TextLayout> lines(String text, Graphics2D pen, int width) {
    AttributedString words = new AttributedString(text, Map.of(TextAttribute.FONT, pen.getFont()));
    LineBreakMeasurer measurer =
        new LineBreakMeasurer(words.getIterator(), pen.getFontRenderContext());
    List<TextLayout> lines = new ArrayList<>();
    while (measurer.getPosition() < text.length()) {
      lines.add(measurer.nextLayout(width));
    }
    return lines;
  }
}
