package dev.likeness.diffusion;

import dev.likeness.diffusion.image.RgbImage;
import java.util.ServiceLoader;

/**
 * How generated pictures become files. With {@code likeness-headshots} on the class path they say
 * in it that they were generated; without, they are plain PNG files.
 */
@FunctionalInterface
public interface Marking {
  /**
   * The bytes of a PNG file of a generated picture.
   *
   * @param edited whether it was drawn over another picture
   */
  byte[] png(RgbImage generated, boolean edited);

  /** The first one that the class path offers as a service, or plain PNG. */
  static Marking installed() {
    return ServiceLoader.load(Marking.class, Marking.class.getClassLoader())
        .findFirst()
        .orElse((picture, edited) -> picture.toPng());
  }
}
