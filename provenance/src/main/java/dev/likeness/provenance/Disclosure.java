package dev.likeness.provenance;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.ImageFormat;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.photos.internal.imagefile.ImageFileWriter;
import dev.likeness.provenance.c2pa.ManifestWriter;
import dev.likeness.provenance.signing.SigningIdentity;
import java.awt.Color;
import java.awt.Font;
import java.awt.FontMetrics;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.font.LineBreakMeasurer;
import java.awt.font.TextAttribute;
import java.awt.font.TextLayout;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.text.AttributedString;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * How images that leave become files, with the sRGB profile, that say that they were generated: an
 * invisible watermark in the pixels, XMP's {@code DigitalSourceType}, and a signed C2PA manifest.
 * Neither the settings nor the person shown is disclosed. Immutable; the methods return another
 * one. The same image gives the same file, unless the signer's algorithm draws random numbers (all
 * but Ed25519 do).
 *
 * @param signer who signs the manifest; empty for the development certificate, which is made when
 *     the first file is
 * @param generator the program that is named as the maker
 * @param source where the images come from
 * @param label words for everybody to see in the image; none by default
 * @param isWatermarked whether the pixels are marked
 * @param edited whether the images go on from others
 */
public record Disclosure(
    Optional<SigningIdentity> signer,
    String generator,
    DigitalSourceType source,
    Optional<String> label,
    boolean isWatermarked,
    boolean edited)
    implements GeneratedImage.Marking {
  private static final Disclosure STANDARD = new Disclosure(
      Optional.empty(),
      "Likeness",
      DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA,
      Optional.empty(),
      true,
      false);

  public Disclosure {
    if (generator.isBlank() || label.filter(String::isBlank).isPresent()) {
      throw new IllegalArgumentException("the generator's name and the label must not be blank");
    }
  }

  /** Drawn by a model, signed with the development certificate, no label. */
  public static Disclosure standard() {
    return STANDARD;
  }

  /** Signed by the application itself. */
  public Disclosure signer(SigningIdentity identity) {
    return new Disclosure(Optional.of(identity), generator, source, label, isWatermarked, edited);
  }

  /** Made by a program of this name. */
  public Disclosure generator(String name) {
    return new Disclosure(signer, name, source, label, isWatermarked, edited);
  }

  /** Of images from another source. */
  public Disclosure source(DigitalSourceType type) {
    return new Disclosure(signer, generator, type, label, isWatermarked, edited);
  }

  /**
   * Of images drawn over others, such as photos, or of images drawn from nothing. Of what was drawn
   * over, the files say only that there was an image: content credentials that it had are not
   * carried on.
   */
  public Disclosure edited(boolean overAnother) {
    DigitalSourceType type = overAnother
        ? DigitalSourceType.COMPOSITE_WITH_TRAINED_ALGORITHMIC_MEDIA
        : DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA;
    return new Disclosure(signer, generator, type, label, isWatermarked, overAnother);
  }

  /** With words for everybody to see, such as {@code AI-generated}. */
  public Disclosure label(String text) {
    return new Disclosure(signer, generator, source, Optional.of(text), isWatermarked, edited);
  }

  /**
   * Of new pages that show such images, each of which has a watermark in its own file: plain paper
   * would show one.
   */
  public Disclosure withoutPixelMarks() {
    return new Disclosure(signer, generator, source, label, false, false);
  }

  /** The bytes of a PNG file. */
  public byte[] encodePng(RgbImage image) {
    return encode(image, ImageFormat.PNG);
  }

  /** The bytes of a JPEG file of quality 92. */
  public byte[] encodeJpeg(RgbImage image) {
    return encode(image, ImageFormat.JPEG);
  }

  /** The bytes of a WebP file of quality 92. */
  public byte[] encodeWebp(RgbImage image) {
    return encode(image, ImageFormat.WEBP);
  }

  /** The bytes of a file of this kind. */
  public byte[] encode(RgbImage image, ImageFormat format) {
    byte[] file = ImageFileWriter.encode(markPixels(image), format, source).bytes();
    SigningIdentity identity = signer.orElseGet(SigningIdentity::development);
    return new ManifestWriter(identity, generator, source.uri(), edited).sign(file);
  }

  /**
   * Encodes as {@link #encode(RgbImage, ImageFormat)} does, as {@link #edited(boolean) edited}
   * where either says so.
   */
  @Override
  public byte[] encode(RgbImage generated, ImageFormat format, boolean overAnother) {
    return (overAnother && !edited ? edited(true) : this).encode(generated, format);
  }

  /** Writes a file of this kind, whole or not at all. */
  public void write(RgbImage image, ImageFormat format, Path file) {
    byte[] bytes = encode(image, format);
    AtomicFile.write(file, out -> out.write(bytes));
  }

  /** Writes a PNG file, whole or not at all. */
  public void writePng(RgbImage image, Path file) {
    write(image, ImageFormat.PNG, file);
  }

  /** Writes a JPEG file of quality 92, whole or not at all. */
  public void writeJpeg(RgbImage image, Path file) {
    write(image, ImageFormat.JPEG, file);
  }

  private RgbImage markPixels(RgbImage image) {
    RgbImage labelled = label.map(text -> VisibleLabel.render(image, text)).orElse(image);
    return isWatermarked ? Watermark.embed(labelled) : labelled;
  }

  /**
   * Words in the lower left corner of an image that anybody can read, in as many lines as they
   * need.
   */
  static final class VisibleLabel {
    private static final Color BACKGROUND = new Color(0, 0, 0, 150);
    private static final int MIN_FONT_SIZE = 10;

    private VisibleLabel() {}

    /**
     * The image with {@code text} on it, white on a dark strip, its letters a thirtieth of the
     * height.
     *
     * @throws ResourceLimitException when the machine has no font
     */
    static RgbImage render(RgbImage source, String text) {
      BufferedImage image = source.toBufferedImage();
      Graphics2D pen = image.createGraphics();
      try {
        pen.setRenderingHint(
            RenderingHints.KEY_TEXT_ANTIALIASING, RenderingHints.VALUE_TEXT_ANTIALIAS_ON);
        pen.setFont(
            new Font(Font.SANS_SERIF, Font.BOLD, Math.max(MIN_FONT_SIZE, source.height() / 30)));
        FontMetrics metrics = pen.getFontMetrics();
        int margin = metrics.getHeight() / 2;
        List<TextLayout> lines = lines(text, pen, source.width() - 2 * margin);
        int top = source.height() - lines.size() * metrics.getHeight() - margin;
        int width = (int)
            Math.ceil(lines.stream().mapToDouble(TextLayout::getAdvance).max().orElseThrow());
        pen.setColor(BACKGROUND);
        pen.fillRect(0, top, width + 2 * margin, source.height() - top);
        pen.setColor(Color.WHITE);
        for (int i = 0; i < lines.size(); i++) {
          lines
              .get(i)
              .draw(pen, margin, top + margin / 2 + i * metrics.getHeight() + metrics.getAscent());
        }
      } catch (InternalError | LinkageError | RuntimeException noFonts) {
        throw new ResourceLimitException(
            "this machine has no font for the label \"" + text
                + "\"; install one (fontconfig and any"
                + " TrueType font), or draw without a label",
            noFonts);
      } finally {
        pen.dispose();
      }
      return RgbImage.of(image);
    }

    private static List<TextLayout> lines(String text, Graphics2D pen, int width) {
      AttributedString words =
          new AttributedString(text, Map.of(TextAttribute.FONT, pen.getFont()));
      LineBreakMeasurer measurer =
          new LineBreakMeasurer(words.getIterator(), pen.getFontRenderContext());
      List<TextLayout> lines = new ArrayList<>();
      while (measurer.getPosition() < text.length()) {
        lines.add(measurer.nextLayout(width));
      }
      return lines;
    }
  }
}
