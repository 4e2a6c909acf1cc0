package dev.likeness.diffusion.image;

import java.util.Arrays;
import java.util.Locale;

/** The kinds of file that headshots are written as. */
public enum ImageFormat {
  /** Lossless, with the invisible watermark. */
  PNG("png"),
  /** Quality 92, for where nothing else is read. */
  JPEG("jpg"),
  /** Quality 92, in fewer bytes than JPEG. */
  WEBP("webp");

  private final String extension;

  ImageFormat(String extension) {
    this.extension = extension;
  }

  /** What file names end in, without a dot. */
  public String extension() {
    return extension;
  }

  /**
   * The format that {@code word} names: {@code png}, {@code jpeg} or {@code jpg}, {@code webp}.
   *
   * @throws IllegalArgumentException for any other
   */
  public static ImageFormat parse(String word) {
    String lower = word.toLowerCase(Locale.ROOT);
    return Arrays.stream(values())
        .filter(f -> f.extension.equals(lower) || f.name().equalsIgnoreCase(lower))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException(
            "no format is called \"" + word + "\"; give png, jpeg or webp"));
  }
}
