package dev.likeness.cli.command;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.Sha256;
import dev.likeness.photos.PhotoSet;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Recognises the photos of {@code examples/photos}. They show a person who does not exist, so no
 * consent is needed. The digests of the photos are part of this program, so no file in a photo
 * folder can declare other photos as examples.
 */
public final class ExamplePhotos {
  private static final Set<String> DIGESTS = read("example-photos.sha256");
  private static final long MAX_BYTES = 1 << 20;

  private ExamplePhotos() {}

  /** Returns the lower-case hexadecimal SHA-256 digest that identifies a photo. */
  public static String sha256(byte[] bytes) {
    return HexFormat.of().formatHex(Sha256.of(bytes));
  }

  /** Returns true if the bytes are those of an example photo. */
  public static boolean isExample(byte[] photo) {
    return photo.length <= MAX_BYTES && DIGESTS.contains(sha256(photo));
  }

  /** Returns true if all photos of a folder are example photos, false if at least one is not. */
  public static boolean isIn(Path folder) {
    return isIn(List.of(folder));
  }

  /**
   * Returns true if all photos are example photos, false if at least one is not.
   *
   * @param places files and folders
   */
  static boolean isIn(List<Path> places) {
    return places.stream()
        .flatMap(place ->
            Files.isDirectory(place) ? PhotoSet.listFiles(place).stream() : Stream.of(place))
        .allMatch(ExamplePhotos::isOne);
  }

  private static boolean isOne(Path photo) {
    try {
      return Files.isRegularFile(photo)
          && Files.size(photo) <= MAX_BYTES
          && isExample(Files.readAllBytes(photo));
    } catch (IOException e) {
      throw new InvalidInputException("cannot read the photo " + photo + ": " + e.getMessage(), e);
    }
  }

  private static Set<String> read(String resource) {
    try (InputStream in = ExamplePhotos.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .collect(Collectors.toUnmodifiableSet());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
