package dev.likeness.vault.internal.file;

import java.net.URI;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/**
 * A path in a vault: names separated by slashes.
 *
 * @param fileSystem the file system of the vault
 * @param absolute true if the path begins at the root
 * @param names the parts of the path, without empty ones
 */
record VaultPath(VaultFileSystem fileSystem, boolean absolute, List<String> names) implements Path {
  static VaultPath of(VaultFileSystem fileSystem, String path) {
    if (path.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("a path must not contain a zero character");
    }
    List<String> names =
        Arrays.stream(path.split("/")).filter(name -> !name.isEmpty()).toList();
    return new VaultPath(fileSystem, path.startsWith("/"), names);
  }

  private VaultPath with(boolean fromRoot, List<String> parts) {
    return new VaultPath(fileSystem, fromRoot, List.copyOf(parts));
  }

  private VaultPath requireSameFileSystem(Path other) {
    if (other instanceof VaultPath path && path.fileSystem == fileSystem) {
      return path;
    }
    throw new ProviderMismatchException(
        "the path belongs to another vault or file system; give a path of this vault");
  }

  @Override
  public VaultFileSystem getFileSystem() {
    return fileSystem;
  }

  @Override
  public boolean isAbsolute() {
    return absolute;
  }

  @Override
  public Path getRoot() {
    return absolute ? with(true, List.of()) : null;
  }

  @Override
  public Path getFileName() {
    return names.isEmpty() ? null : with(false, names.subList(names.size() - 1, names.size()));
  }

  @Override
  public Path getParent() {
    boolean none = names.isEmpty() || names.size() == 1 && !absolute;
    return none ? null : with(absolute, names.subList(0, names.size() - 1));
  }

  @Override
  public int getNameCount() {
    return names.size();
  }

  @Override
  public Path getName(int index) {
    return subpath(index, index + 1);
  }

  @Override
  public Path subpath(int begin, int end) {
    if (begin < 0 || end > names.size() || begin >= end) {
      throw new IllegalArgumentException("the range from " + begin + " to " + end
          + " does not select names of the path, whose number of names is " + names.size());
    }
    return with(false, names.subList(begin, end));
  }

  @Override
  public boolean startsWith(Path other) {
    return other instanceof VaultPath path
        && path.fileSystem == fileSystem
        && path.absolute == absolute
        && path.names.size() <= names.size()
        && names.subList(0, path.names.size()).equals(path.names);
  }

  @Override
  public boolean endsWith(Path other) {
    if (!(other instanceof VaultPath path)
        || path.fileSystem != fileSystem
        || path.names.size() > names.size()) {
      return false;
    }
    boolean tail = names.subList(names.size() - path.names.size(), names.size()).equals(path.names);
    return tail && (!path.absolute || equals(path));
  }

  /** Removes {@code .} and {@code ..}; a {@code ..} at the root is dropped. */
  @Override
  public VaultPath normalize() {
    List<String> kept = new ArrayList<>();
    for (String name : names) {
      if (name.equals("..")
          && (absolute || !kept.isEmpty() && !kept.get(kept.size() - 1).equals(".."))) {
        kept.subList(Math.max(0, kept.size() - 1), kept.size()).clear();
      } else if (!name.equals(".")) {
        kept.add(name);
      }
    }
    return with(absolute, kept);
  }

  @Override
  public Path resolve(Path other) {
    VaultPath path = requireSameFileSystem(other);
    if (path.absolute) {
      return path;
    }
    List<String> all = new ArrayList<>(names);
    all.addAll(path.names);
    return with(absolute, all);
  }

  @Override
  public Path relativize(Path other) {
    VaultPath path = requireSameFileSystem(other);
    if (path.absolute != absolute) {
      throw new IllegalArgumentException(
          "cannot relativize an absolute and a relative path; make both absolute");
    }
    int shared = 0;
    while (shared < Math.min(names.size(), path.names.size())
        && names.get(shared).equals(path.names.get(shared))) {
      shared++;
    }
    List<String> way = new ArrayList<>(Collections.nCopies(names.size() - shared, ".."));
    way.addAll(path.names.subList(shared, path.names.size()));
    return with(false, way);
  }

  /** The message does not contain the path, because names may be personal data. */
  @Override
  public URI toUri() {
    throw new UnsupportedOperationException("a path in a vault has no URI; use the Path itself");
  }

  @Override
  public VaultPath toAbsolutePath() {
    return with(true, names);
  }

  @Override
  public Path toRealPath(LinkOption... options) {
    return toAbsolutePath().normalize();
  }

  @Override
  public WatchKey register(
      WatchService watcher, WatchEvent.Kind<?>[] events, WatchEvent.Modifier... modifiers) {
    throw new UnsupportedOperationException("files of a vault cannot be watched");
  }

  @Override
  public int compareTo(Path other) {
    return toString().compareTo(other.toString());
  }

  @Override
  public String toString() {
    return (absolute ? "/" : "") + String.join("/", names);
  }
}
