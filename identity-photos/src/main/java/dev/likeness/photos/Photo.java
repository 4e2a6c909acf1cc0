package dev.likeness.photos;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * One photo file of a person: a name for messages, and the bytes, which are read when it is
 * reviewed.
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

  /** A file, called by its file name. */
  public static Photo of(Path file) {
    return new Photo(file.getFileName().toString(), most -> {
      try (InputStream in = Files.newInputStream(file)) {
        return in.readNBytes(most);
      }
    });
  }

  /** The content of a file; the array must not be changed afterwards. */
  public static Photo of(String name, byte[] file) {
    return new Photo(name, most -> file);
  }

  /** The content of a file, read to its end now (at most 64 MiB); the caller closes the stream. */
  public static Photo of(String name, InputStream file) {
    try {
      return of(name, file.readNBytes(MAX_STREAM_BYTES));
    } catch (IOException e) {
      throw new InvalidInputException("cannot read the photo " + name + ": " + e.getMessage(), e);
    }
  }

  /** What the report calls it. */
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
