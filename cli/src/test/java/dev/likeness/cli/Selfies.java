package dev.likeness.cli;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Selfies of three people who do not exist, as the renderer of research drew them, and a headshot
 * of the second.
 */
public final class Selfies {
  /** What is given as their consent. */
  static final String CONSENT = "nobody real is shown: the photos were rendered";

  private Selfies() {}

  /**
   * Writes the first {@code count} selfies of a person below {@code people}, beside the list that
   * says that they were rendered, and returns the person's folder.
   *
   * @param person 5000000000, 5000000001 or 5000000777
   * @param count at most 4, of the last 3
   */
  public static Path of(String person, int count, Path people) {
    try {
      Path folder = Files.createDirectories(people.resolve("person-" + person));
      Files.write(people.resolve("people.json"), bytes("people.json"));
      for (int i = 1; i <= count; i++) {
        String name = "selfie-0" + i + ".jpg";
        Files.write(folder.resolve(name), bytes("person-" + person + "/" + name));
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reduces the selfies in {@code photos} to 256 pixels, for tests in which the attention of a tiny
   * autoencoder takes most of the time, and returns the folder.
   */
  public static Path reduced(Path photos) {
    try {
      for (String name : TinyBase.namesIn(photos)) {
        Path file = photos.resolve(name);
        Resampler.AREA.fit(RgbImage.read(file), 256).writePng(photos.resolve(name + ".png"));
        Files.delete(file);
      }
      return photos;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A frontal headshot of 256 pixels. */
  static RgbImage headshot(Path folder) {
    try {
      Path file = folder.resolve("rendered.jpg");
      Files.write(file, bytes("headshot.jpg"));
      RgbImage image = RgbImage.read(file);
      Files.delete(file);
      return image;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] bytes(String name) throws IOException {
    try (InputStream in = Selfies.class.getResourceAsStream("/selfies/" + name)) {
      return in.readAllBytes();
    }
  }
}
