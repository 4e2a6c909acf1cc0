package dev.likeness.vault;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
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
 * What a photo's file is called among the photos of a subject.
 *
 * @param stem without an ending
 * @param extension with its dot, or empty
 */
record FileNames(String stem, String extension) {
  /**
   * Bytes of a name: numbered, encrypted and half written it takes 219 at most, of 255 that disks
   * allow.
   */
  private static final int MAX_LENGTH = 100;

  /**
   * From what its sender calls it: no folders, the last 100 bytes of what is long, and visible to
   * {@code PhotoSet}.
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
   * The first file of this name, numbered from 2, that is not there yet; empty where this very
   * photo is one of them.
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
          "cannot read the photos that came before: " + e.getMessage(), e);
    }
  }

  /**
   * The numbers of one subject's images: each shoot has a row of its own, though several draw at
   * once. Safe for threads.
   */
  static final class ImageNumbers {
    private static final Pattern NUMBERED =
        Pattern.compile("(?:headshot|record)-([0-9]+)\\.(?:png|json)|record\\.json");

    /** The last numbers of the rows of shoots that still draw. */
    private final TreeSet<Integer> reserved = new TreeSet<>(Set.of(0));

    /**
     * Takes the {@code count} numbers after all that are kept in {@code images} or taken; returns
     * how many come before.
     */
    synchronized int reserve(Path images, int count) {
      int first = Math.max(last(images), reserved.last());
      reserved.add(first + count);
      return first;
    }

    /** Says that a shoot that took {@code count} numbers after {@code first} has ended. */
    synchronized void release(int first, int count) {
      reserved.remove(first + count);
    }

    /**
     * The highest number that an image or record there has: what was taken out between leaves its
     * number free for good.
     */
    private static int last(Path images) {
      try (Stream<Path> kept = Files.list(images)) {
        return kept.map(path -> NUMBERED.matcher(path.getFileName().toString()))
            .filter(Matcher::matches)
            .mapToInt(name -> name.group(1) == null ? 1 : Integer.parseInt(name.group(1)))
            .max()
            .orElse(0);
      } catch (IOException e) {
        throw new ResourceLimitException(
            "cannot look at the images that are kept: " + e.getMessage(), e);
      }
    }
  }
}
