package dev.likeness.diffusion.internal.imagefile;

import java.io.IOException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * An image file whose structure was checked, reduced to the parts that decode its first image.
 * Readers get only {@link #pixels()}, never the file itself: no metadata, no second image, no junk.
 *
 * @param format the format of the file
 * @param pixels a file of the same format that contains nothing but the pixels
 * @param profile the ICC profile, which the reader does not apply
 * @param orientation the EXIF orientation, 1 to 8; 1 without one
 * @param isDamaged true if junk was left out
 * @param passes how often the reader delivers all rows, for a JPEG file of three channels of eight
 *     bits; 0 for other files
 */
public record CheckedImage(
    Format format,
    byte[] pixels,
    Optional<byte[]> profile,
    int orientation,
    boolean isDamaged,
    int passes) {
  /** The formats that are checked. */
  public enum Format {
    /** JPEG (ITU-T T.81). */
    JPEG,
    /** PNG (ISO/IEC 15948). */
    PNG,
    /** WebP (RFC 9649). */
    WEBP,
    /** GIF89a. */
    GIF,
    /** Windows bitmap. */
    BMP,
    /** TIFF 6.0. */
    TIFF;

    /** Detects the format of a file from its first bytes; 12 are enough. */
    public static Optional<Format> of(byte[] head) {
      return Arrays.stream(values()).filter(format -> format.matches(head)).findFirst();
    }

    private boolean matches(byte[] head) {
      return switch (this) {
        case JPEG -> startsWith(head, 0, "\u00ff\u00d8\u00ff");
        case PNG -> startsWith(head, 0, "\u0089PNG\r\n\u001a\n");
        case WEBP -> startsWith(head, 0, "RIFF") && startsWith(head, 8, "WEBP");
        case GIF -> startsWith(head, 0, "GIF8");
        case BMP -> startsWith(head, 0, "BM") && startsWith(head, 6, "\0\0\0\0");
        case TIFF -> startsWith(head, 0, "II*\0") || startsWith(head, 0, "MM\0*");
      };
    }

    /** Returns the name of ImageIO's reader. */
    String readerName() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** Formats that ImageIO does not read. Their first bytes name them. */
  public enum Foreign {
    /** HEIC (ISO/IEC 23008-12), as iPhones write it. */
    HEIC("HEIC", "heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"),
    /** AVIF. */
    AVIF("AVIF", "avif", "avis"),
    /** JPEG XL (ISO/IEC 18181). */
    JPEG_XL("JPEG XL");

    private static final String JXL_BOX = "\0\0\0\fJXL \r\n\u0087\n";

    private final String label;
    private final Set<String> brands;

    Foreign(String label, String... brands) {
      this.label = label;
      this.brands = Set.of(brands);
    }

    /** Detects the format of a file from its first bytes; 12 are enough. */
    public static Optional<Foreign> of(byte[] head) {
      return Arrays.stream(values()).filter(format -> format.matches(head)).findFirst();
    }

    // ISO/IEC 14496-12: a file type box is its length, "ftyp" and the major brand.
    private boolean matches(byte[] head) {
      return this == JPEG_XL
          ? startsWith(head, 0, "\u00ff\n") || startsWith(head, 0, JXL_BOX)
          : startsWith(head, 4, "ftyp")
              && brands.stream().anyMatch(brand -> startsWith(head, 8, brand));
    }

    /** Returns the name of the format in messages. */
    public String label() {
      return label;
    }

    /** Returns what follows the file's name in the message that the file is not read. */
    public String refusal() {
      return "is in the " + label + " format, which is not supported; save it as JPEG (iPhone:"
          + " Settings > Camera > Formats > Most Compatible; command: heif-convert or magick)";
    }
  }

  /** An image of a kind that is not read. The message says what it is and what to do. */
  public static final class UnsupportedException extends IOException {
    private static final long serialVersionUID = 1L;

    UnsupportedException(String message) {
      super(message);
    }
  }

  /**
   * Checks a file.
   *
   * @param format the format, as {@link Format#of} detects it
   * @param file the bytes; not changed
   * @throws UnsupportedException if the file is of a kind that is not read
   * @throws IOException if the file is broken
   */
  public static CheckedImage of(Format format, byte[] file) throws IOException {
    return switch (format) {
      case JPEG -> new JpegCheck(file).check();
      case PNG -> new PngCheck(file).check();
      case WEBP -> new SimpleFormatCheck(file).checkWebp();
      case GIF -> new SimpleFormatCheck(file).checkGif();
      case BMP -> new SimpleFormatCheck(file).checkBmp();
      case TIFF -> new TiffCheck(file).check();
    };
  }

  static CheckedImage of(Format format, byte[] pixels, Optional<byte[]> profile, int orientation) {
    return new CheckedImage(format, pixels, profile, orientation, false, 0);
  }

  /** Returns this image without its orientation, for converters that turn images themselves. */
  public CheckedImage upright() {
    return new CheckedImage(format, pixels, profile, 1, isDamaged, passes);
  }

  /** Returns true if {@code text}, a character for each byte, stands in {@code file}. */
  static boolean startsWith(byte[] file, int at, String text) {
    if (at < 0 || at > file.length - text.length()) {
      return false;
    }
    for (int i = 0; i < text.length(); i++) {
      if ((file[at + i] & 255) != text.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /**
   * The bytes of a file for a reader. Some readers take what is missing at the end for zeros,
   * slowly; this stream ends their work.
   */
  static final class PixelStream extends ImageInputStreamImpl {
    private static final int MOST_ENDS = 1000;

    private final byte[] bytes;
    private int ends;

    PixelStream(byte[] bytes) {
      this.bytes = bytes;
    }

    @Override
    public int read() {
      bitOffset = 0;
      return isAtEnd() ? -1 : bytes[(int) streamPos++] & 255;
    }

    @Override
    public int read(byte[] to, int from, int length) {
      bitOffset = 0;
      if (length == 0 || isAtEnd()) {
        return length == 0 ? 0 : -1;
      }
      int count = (int) Math.min(length, bytes.length - streamPos);
      System.arraycopy(bytes, (int) streamPos, to, from, count);
      streamPos += count;
      return count;
    }

    @Override
    public long length() {
      return bytes.length;
    }

    private boolean isAtEnd() {
      if (streamPos < bytes.length) {
        return false;
      }
      if (++ends > MOST_ENDS) {
        throw new IllegalStateException("it ends within its image data");
      }
      return true;
    }
  }
}
