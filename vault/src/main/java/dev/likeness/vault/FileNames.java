package dev.likeness.vault;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The name of a photo's file in a subject.
 *
 * @param stem the name without extension
 * @param extension the extension with its dot, or empty
 */
record FileNames(String stem, String extension) {
  /**
   * The longest name in bytes. With number, encryption and the suffix of an unfinished file it has
   * at most 219 bytes; file systems allow 255.
   */
  private static final int MAX_LENGTH = 100;

  /**
   * Returns the name for a sent file name: without folders, cut to its last 100 bytes, and visible
   * to {@code PhotoSet}.
   */
  static FileNames of(String sent) {
    String whole = sent.substring(Math.max(sent.lastIndexOf('/'), sent.lastIndexOf('\\')) + 1);
    String last = whole.substring(Math.max(0, whole.length() - MAX_LENGTH));
    while (last.getBytes(StandardCharsets.UTF_8).length > MAX_LENGTH) {
      last = last.substring(last.offsetByCodePoints(0, 1));
    }
    String visible = last.replaceFirst("^[.]+", "");
    int dot = visible.lastIndexOf('.');
    return visible.isEmpty()
        ? new FileNames("photo", "")
        : dot < 0
            ? new FileNames(visible, "")
            : new FileNames(visible.substring(0, dot), visible.substring(dot));
  }

  /**
   * Returns the first free file with this name, numbered from 2. It is empty if the same photo
   * already has this name.
   */
  Optional<Path> findFree(Path folder, byte[] photo) {
    Path file = folder.resolve(stem + extension);
    try {
      for (int number = 2; Files.exists(file); number++) {
        if (Files.size(file) == photo.length && Arrays.equals(Files.readAllBytes(file), photo)) {
          return Optional.empty();
        }
        file = folder.resolve(stem + " (" + number + ")" + extension);
      }
      return Optional.of(file);
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot read the photos that were added before: " + e.getMessage()
              + "; check that this user can read the store",
          e);
    }
  }

  /**
   * The numbers of one subject's images. Each shoot gets its own range, so several shoots can run
   * at once. Thread-safe.
   */
  static final class ImageNumbers {
    private static final Pattern NUMBERED =
        Pattern.compile("(?:headshot|record)-([0-9]+)\\.(?:png|json)|record\\.json");

    /** The last numbers of the ranges of running shoots. */
    private final TreeSet<Integer> reserved = new TreeSet<>(Set.of(0));

    /**
     * Reserves {@code count} numbers after all that are stored in {@code images} or reserved.
     * Returns the number before the first of them.
     */
    synchronized int reserve(Path images, int count) {
      int first = Math.max(last(images), reserved.last());
      reserved.add(first + count);
      return first;
    }

    /** Releases the {@code count} numbers after {@code first} when their shoot has ended. */
    synchronized void release(int first, int count) {
      reserved.remove(first + count);
    }

    /**
     * Returns the highest number of an image or record in the folder. Numbers of deleted images
     * below it are not used again.
     */
    private static int last(Path images) {
      try (Stream<Path> kept = Files.list(images)) {
        return kept.map(path -> NUMBERED.matcher(path.getFileName().toString()))
            .filter(Matcher::matches)
            .mapToInt(name -> name.group(1) == null ? 1 : Integer.parseInt(name.group(1)))
            .max()
            .orElse(0);
      } catch (IOException | UncheckedIOException e) {
        throw new ResourceLimitException(
            "cannot list the stored images: " + e.getMessage()
                + "; check that this user can read the store",
            e);
      }
    }
  }
}
