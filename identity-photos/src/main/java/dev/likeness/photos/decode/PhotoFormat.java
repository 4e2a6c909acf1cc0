package dev.likeness.photos.decode;

import dev.likeness.diffusion.internal.imagefile.CheckedImage;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/** File formats of photos. They are detected by the first bytes of a file, not by its name. */
public enum PhotoFormat {
  /** JPEG (ITU-T T.81). */
  JPEG("jpeg", "jpg", "jpeg", "jpe", "jfif", "mpo"),
  /** PNG (ISO/IEC 15948). */
  PNG("png", "png"),
  /** WebP (RFC 9649). */
  WEBP("webp", "webp"),
  /** GIF; only the first frame is read. */
  GIF("gif", "gif"),
  /** Windows bitmap. */
  BMP("bmp", "bmp", "dib"),
  /** TIFF 6.0. */
  TIFF("tiff", "tif", "tiff"),
  /**
   * HEIC (ISO/IEC 23008-12), as iPhones write it. Decoding needs an ImageIO reader, a
   * {@link PhotoConverter} or libheif's program.
   */
  HEIC("heic", "heic", "heif", "hif"),
  /** AVIF. Decoding needs an ImageIO reader, a {@link PhotoConverter} or libheif's program. */
  AVIF("avif", "avif"),
  /** JPEG XL (ISO/IEC 18181). Decoding needs an ImageIO reader or a {@link PhotoConverter}. */
  JPEG_XL("jxl", "jxl");

  private final String readerName;
  private final Set<String> extensions;

  PhotoFormat(String readerName, String... extensions) {
    this.readerName = readerName;
    this.extensions = Set.of(extensions);
  }

  /**
   * Detects the format of a file from its first bytes.
   *
   * @param head the first bytes of the file; 32 are enough
   * @return the format; empty if the bytes are not of a known image format
   */
  public static Optional<PhotoFormat> of(byte[] head) {
    return Arrays.stream(values()).filter(format -> format.matchesHeader(head)).findFirst();
  }

  /**
   * Returns true if a file name has the extension of a photo format. The content may still be of
   * another format.
   *
   * @param fileName name of the file, without or with folders
   * @return true if the extension is known, in upper or lower case
   */
  public static boolean isPhotoName(String fileName) {
    String extension = fileName.substring(fileName.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    return fileName.contains(".")
        && Arrays.stream(values()).anyMatch(format -> format.extensions.contains(extension));
  }

  /** {@return the identifier in JSON: {@code jpeg}, {@code png}, {@code jpeg-xl} and so on} */
  public String id() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  /** The name in messages to users. */
  String displayName() {
    return this == JPEG_XL ? "JPEG XL" : this == WEBP ? "WebP" : name();
  }

  /** The format name of ImageIO readers. */
  String readerName() {
    return readerName;
  }

  private boolean matchesHeader(byte[] head) {
    return switch (this) {
      case HEIC, AVIF, JPEG_XL ->
        CheckedImage.Foreign.of(head).filter(f -> f.name().equals(name())).isPresent();
      default ->
        CheckedImage.Format.of(head).filter(f -> f.name().equals(name())).isPresent();
    };
  }
}
