package dev.likeness.vault;

import dev.likeness.diffusion.error.ResourceLimitException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The numbers of one subject's pictures: each shoot has a row of its own, though several draw at
 * once. Safe for threads.
 */
final class PictureNumbers {
  private static final Pattern NUMBERED =
      Pattern.compile("(?:headshot|record)-([0-9]+)\\.(?:png|json)|record\\.json");

  /** The last numbers of the rows of shoots that still draw. */
  private final TreeSet<Integer> taken = new TreeSet<>(Set.of(0));

  /**
   * Takes the {@code count} numbers after all that are kept in {@code pictures} or taken; returns
   * how many come before.
   */
  synchronized int take(Path pictures, int count) {
    int first = Math.max(last(pictures), taken.last());
    taken.add(first + count);
    return first;
  }

  /** Says that a shoot that took {@code count} numbers after {@code first} has ended. */
  synchronized void release(int first, int count) {
    taken.remove(first + count);
  }

  /**
   * The highest number that a picture or record there has: what was taken out between leaves its
   * number free for good.
   */
  private static int last(Path pictures) {
    try (Stream<Path> kept = Files.list(pictures)) {
      return kept.map(path -> NUMBERED.matcher(path.getFileName().toString()))
          .filter(Matcher::matches)
          .mapToInt(name -> name.group(1) == null ? 1 : Integer.parseInt(name.group(1)))
          .max()
          .orElse(0);
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot look at the pictures that are kept: " + e.getMessage(), e);
    }
  }
}
