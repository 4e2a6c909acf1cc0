package dev.likeness.photos;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One photo file of a person: a name for messages and the file content. A path is read during the
 * review.
 */
public final class Photo {
  // Streams cannot be read twice, so they are taken in at once, up to what any review accepts.
  private static final int MAX_STREAM_BYTES = 64 << 20;

  @FunctionalInterface
  private interface Source {
    byte[] read(int most) throws IOException;
  }

  private final String name;
  private final Source source;

  private Photo(String name, Source source) {
    if (name == null || name.isBlank()) {
      throw new IllegalArgumentException("a photo needs a name to be called by in the report");
    }
    this.name = name;
    this.source = source;
  }

  /** Returns a photo of a file, named by its file name. The file is read during the review. */
  public static Photo of(Path file) {
    return new Photo(file.getFileName().toString(), most -> {
      try (InputStream in = Files.newInputStream(file)) {
        return in.readNBytes(most);
      }
    });
  }

  /** Returns a photo of a file's content. The array must not be changed afterwards. */
  public static Photo of(String name, byte[] file) {
    return new Photo(name, most -> file);
  }

  /** Reads a photo from a stream, at most 64 MiB. The caller closes the stream. */
  public static Photo of(String name, InputStream file) {
    try {
      return of(name, file.readNBytes(MAX_STREAM_BYTES));
    } catch (IOException e) {
      throw new InvalidInputException("cannot read the photo " + name + ": " + e.getMessage(), e);
    }
  }

  /** Returns the name that reports use. */
  public String name() {
    return name;
  }

  /**
   * The file's bytes; a file longer than {@code most} is cut one byte after, which tells that it
   * is.
   */
  byte[] readBytes(int most) throws IOException {
    return source.read(Math.max(most, most + 1));
  }
}
