package dev.likeness.diffusion.image;

import java.util.Arrays;
import java.util.Locale;

/** The file formats of generated images. */
public enum ImageFormat {
  /** PNG: lossless. Of all formats, it preserves an invisible watermark best. */
  PNG("png"),
  /** JPEG with quality 92, for programs that read no other format. */
  JPEG("jpg"),
  /** WebP with quality 92. Files are smaller than JPEG files. */
  WEBP("webp");

  private final String extension;

  ImageFormat(String extension) {
    this.extension = extension;
  }

  /** {@return the file name extension, without a dot} */
  public String extension() {
    return extension;
  }

  /**
   * {@return the format with the given name}
   *
   * @param word {@code png}, {@code jpeg}, {@code jpg} or {@code webp}, in upper or lower case
   * @throws IllegalArgumentException if no format has this name
   */
  public static ImageFormat parse(String word) {
    String lower = word.toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(f -> f.extension.equals(lower) || f.name().equalsIgnoreCase(lower))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(
            "unknown image format \"" + word + "\"; known: png, jpeg, webp"));
  }
}
