package dev.likeness.photos;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.imagefile.ImageFileReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One photo file of a person: a name for messages and the file content. If the photo was given as a
 * path, a {@link PhotoReview} reads the file.
 */
public final class Photo {
  // A stream cannot be read twice, so it is read at once, up to this limit.
  private static final int MAX_STREAM_BYTES = 64 << 20;

  private static final int MAX_REPEATS = 1000;

  @FunctionalInterface
  private interface Source {
    byte[] read(int most) throws IOException;
  }

  private final String name;
  private final Source source;
  private final Optional<String> caption;
  private final int repeats;

  private Photo(String name, Source source) {
    this(name, source, Optional.empty(), 1);
  }

  private Photo(String name, Source source, Optional<String> caption, int repeats) {
    if (name == null || name.isBlank()) {
      throw new IllegalArgumentException(
          "a photo needs a name that is not blank; give its file name");
    }
    this.name = name;
    this.source = source;
    this.caption = caption;
    this.repeats = repeats;
  }

  /**
   * Returns the photo in a file. The name of the photo is the file name. A {@link PhotoReview}
   * reads the file.
   *
   * @param file a regular image file; the review reports a missing or broken file
   * @return the photo
   */
  public static Photo of(Path file) {
    return new Photo(file.getFileName().toString(), most -> ImageFileReader.readBytes(file, most));
  }

  /** Returns a photo that the review rejects, because its file is a link, a pipe or a device. */
  static Photo ofSpecialFile(Path file) {
    return new Photo(file.getFileName().toString(), most -> {
      throw new IOException(
          "the file is a link or another special file; replace the file by a copy of the photo");
    });
  }

  /**
   * Returns the photo in the bytes of a file.
   *
   * @param name name for reports and messages, not blank
   * @param file the bytes of the image file; copied
   * @return the photo
   * @throws IllegalArgumentException if the name is blank
   */
  public static Photo of(String name, byte[] file) {
    byte[] copy = file.clone();
    return new Photo(name, most -> copy);
  }

  /**
   * Reads a photo from a stream. If the stream has more than 64 MiB, only the first 64 MiB are
   * read. By default, a {@link PhotoReview} rejects files of this size.
   *
   * @param name name for reports and messages, not blank
   * @param file the stream of the image file; the caller closes it
   * @return the photo
   * @throws InvalidInputException if the stream cannot be read
   * @throws IllegalArgumentException if the name is blank
   */
  public static Photo of(String name, InputStream file) {
    try {
      return of(name, file.readNBytes(MAX_STREAM_BYTES));
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot read the photo " + Quoted.line(name) + ": " + Quoted.reason(e), e);
    }
  }

  /**
   * Returns this photo with a caption. Training then uses this caption instead of writing one.
   *
   * @param text the caption; {@code %s} stands for the person
   * @return the photo with this caption
   * @throws IllegalArgumentException if the text is blank
   */
  public Photo caption(String text) {
    if (text.isBlank()) {
      throw new IllegalArgumentException(
          "the caption of " + name + " is blank; leave the caption out");
    }
    return new Photo(name, source, Optional.of(text.strip()), repeats);
  }

  /**
   * Returns a copy of this photo with the given number of repeats in training.
   *
   * @param times number of repeats, 1 to 1000. Training uses a photo with 3 repeats three times as
   *     often as a photo with 1 repeat
   * @return the photo with this number of repeats
   * @throws IllegalArgumentException if the number is out of its range
   */
  public Photo repeats(int times) {
    if (times < 1 || times > MAX_REPEATS) {
      throw new IllegalArgumentException(
          "the repeats of " + name + " must be in 1.." + MAX_REPEATS + ", got " + times);
    }
    return new Photo(name, source, caption, times);
  }

  /** Returns a copy of this photo with the given name. */
  Photo named(String other) {
    return new Photo(other, source, caption, repeats);
  }

  /** {@return the caption; empty if the training writes a caption} */
  public Optional<String> caption() {
    return caption;
  }

  /**
   * {@return the number of repeats, 1 by default} Training uses a photo with 3 repeats three times
   * as often as a photo with 1 repeat.
   */
  public int repeats() {
    return repeats;
  }

  /** {@return the name used in reports and messages} */
  public String name() {
    return name;
  }

  /**
   * Reads the file's bytes. A file longer than {@code most} is cut to {@code most + 1} bytes, so
   * that the decoder detects that it is too long.
   */
  byte[] readBytes(int most) throws IOException {
    return source.read(most);
  }
}
