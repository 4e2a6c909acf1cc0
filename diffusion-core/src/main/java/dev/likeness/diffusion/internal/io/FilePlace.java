package dev.likeness.diffusion.internal.io;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/**
 * The place that a path leads to, whether or not a file is there: links and {@code ..} are
 * resolved. Two places are the same if a file written to one would be found at the other.
 */
public final class FilePlace {
  /** More links than this are a circle. */
  private static final int MOST_LINKS = 40;

  /** The deepest part of the path that exists, without links. */
  private final Path existing;
  /** The names below {@link #existing}; empty if the whole path exists. */
  private final Path rest;

  private FilePlace(Path existing, Path rest) {
    this.existing = existing;
    this.rest = rest;
  }

  /** Finds the place of a path. A link whose target is missing leads to the place of the target. */
  public static FilePlace of(Path path) {
    Path absolute = path.toAbsolutePath();
    Deque<Path> names = new ArrayDeque<>();
    absolute.forEach(names::add);
    Path root = absolute.getRoot();
    Path at = root;
    int links = 0;
    while (!names.isEmpty()) {
      String name = names.pop().toString();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        at = at.getParent() == null ? root : at.getParent();
        continue;
      }
      Path next = at.resolve(name);
      Optional<Path> target = links < MOST_LINKS ? target(next) : Optional.empty();
      if (target.isEmpty()) {
        at = next;
        continue;
      }
      links++;
      at = target.get().isAbsolute() ? target.get().getRoot() : at;
      Path[] inside = new Path[target.get().getNameCount()];
      for (int i = 0; i < inside.length; i++) {
        inside[i] = target.get().getName(i);
      }
      for (int i = inside.length - 1; i >= 0; i--) {
        names.push(inside[i]);
      }
    }
    Path there = at;
    while (!Files.exists(there, LinkOption.NOFOLLOW_LINKS) && there.getParent() != null) {
      there = there.getParent();
    }
    return new FilePlace(real(there), there.relativize(at));
  }

  private static Optional<Path> target(Path path) {
    try {
      return Files.isSymbolicLink(path)
          ? Optional.of(Files.readSymbolicLink(path))
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException e) {
      return path;
    }
  }

  /** Returns true if something is at this place. */
  public boolean exists() {
    return rest.toString().isEmpty();
  }

  /** Returns the whole path without links. */
  public Path path() {
    return exists() ? existing : existing.resolve(rest.toString());
  }

  /**
   * Returns true if both places are the same. Hard links to one file are the same place. If the
   * file system ignores case, names that differ only in case are the same.
   */
  public boolean isSame(FilePlace other) {
    return isSameFile(existing, other.existing)
        && isSameName(rest.toString(), other.rest.toString(), ignoresCase(existing));
  }

  /** Returns true if this place is below {@code folder}, at any depth. */
  public boolean isInside(FilePlace folder) {
    for (Path above = path().getParent(); above != null; above = above.getParent()) {
      if (of(above).isSame(folder)) {
        return true;
      }
    }
    return false;
  }

  /** Returns the file that stands where this place needs a folder; empty if none does. */
  public Optional<Path> fileAbove() {
    return exists() || Files.isDirectory(existing) ? Optional.empty() : Optional.of(existing);
  }

  static boolean isSameName(String one, String other, boolean ignoresCase) {
    return one.equals(other) || ignoresCase && composed(one).equalsIgnoreCase(composed(other));
  }

  private static String composed(String name) {
    return Normalizer.normalize(name, Normalizer.Form.NFC);
  }

  private static boolean isSameFile(Path one, Path other) {
    try {
      return one.equals(other) || Files.isSameFile(one, other);
    } catch (IOException e) {
      return false;
    }
  }

  /** Asks the file system for an existing folder above by a name of the other case. */
  private static boolean ignoresCase(Path existing) {
    for (Path at = existing; at != null && at.getFileName() != null; at = at.getParent()) {
      String name = at.getFileName().toString();
      String swapped = swapCase(name);
      if (!swapped.equals(name)) {
        Path other = at.resolveSibling(swapped);
        return Files.exists(other) && isSameFile(at, other);
      }
    }
    return false;
  }

  private static String swapCase(String name) {
    StringBuilder swapped = new StringBuilder();
    name.codePoints()
        .map(c -> Character.isUpperCase(c) ? Character.toLowerCase(c) : Character.toUpperCase(c))
        .forEach(swapped::appendCodePoint);
    return swapped.toString();
  }
}
