package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A folder of model files. Some files, such as {@code model_index.json}, name other files. Such a
 * name must be plain, and the file must keep the rule of {@link ModelFile}.
 */
public final class RepositoryFolder {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]+");

  private final Path folder;

  private RepositoryFolder(Path folder) {
    this.folder = folder;
  }

  /**
   * Returns the repository of a folder.
   *
   * @throws InvalidInputException if the folder does not exist
   */
  public static RepositoryFolder of(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new InvalidInputException(folder + " is not a folder; give the folder of a model");
    }
    return new RepositoryFolder(folder);
  }

  /**
   * Returns true if {@code link} lies in a snapshot of a Hugging Face cache and leads to a file in
   * the blobs of the same repository, or through a blob of the same repository to a file in the
   * {@link SharedStore} of the same cache.
   */
  static boolean isBlob(Path link) {
    Path target = real(link);
    for (Path up = real(link.toAbsolutePath().getParent());
        up != null && up.getFileName() != null;
        up = up.getParent()) {
      if (up.getFileName().toString().startsWith("models--")
          && Files.isDirectory(up.resolve("blobs"))) {
        return target.startsWith(up.resolve("blobs"))
            ? Files.isRegularFile(target)
            : SharedStore.holds(target, lastLink(link), up);
      }
    }
    return false;
  }

  /** Returns the last link of a chain of links that leads to a file; its folder is a real path. */
  private static Path lastLink(Path link) {
    Path last = link;
    Path next = link.toAbsolutePath();
    while (Files.isSymbolicLink(next)) {
      last = real(next.getParent()).resolve(next.getFileName());
      try {
        next = last.resolveSibling(Files.readSymbolicLink(last));
      } catch (IOException e) {
        throw new InvalidInputException("cannot read " + link + ": " + Quoted.reason(e), e);
      }
    }
    return last;
  }

  /** Returns true if a name consists of letters, digits, dots, underscores and hyphens. */
  public static boolean isPlain(String name) {
    return PLAIN.matcher(name).matches() && !name.equals(".") && !name.equals("..");
  }

  /**
   * Returns the file or folder {@code name} directly in this folder.
   *
   * @param namedBy the file that contains the name, for messages
   * @throws InvalidInputException if the name is not plain, does not exist, or breaks the rule of
   *     {@link ModelFile#own(Path)}
   */
  public Path resolve(String name, Path namedBy) {
    if (!isPlain(name)) {
      throw new InvalidInputException(namedBy + " names the file " + Quoted.of(name)
          + "; expected a plain name of letters, digits, '.', '_' and '-' in the same folder");
    }
    Path file = folder.resolve(name);
    if (!ModelFile.exists(file)) {
      throw new InvalidInputException(namedBy + " names " + name + ", which is not in " + folder
          + "; download the missing file");
    }
    return ModelFile.own(file);
  }

  private static Path real(Path path) {
    try {
      return path.toRealPath();
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + path + ": " + Quoted.reason(e), e);
    }
  }

  @Override
  public String toString() {
    return folder.toString();
  }

  /**
   * The store of a Hugging Face cache that all its repositories share: {@code blobs/ab/abc…} beside
   * the folders {@code models--org--name}. The marker file identifies the store. Source:
   * huggingface_hub 2.4, {@code utils/_shared_blobs.py}.
   */
  private static final class SharedStore {
    private static final String MARKER = ".huggingface-shared-blobs";
    /** The content of the marker; the end of its line is that of the system. */
    private static final Pattern LAYOUT_ONE = Pattern.compile("1(?:\\r?\\n)?");

    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    private SharedStore() {}

    /**
     * Returns true if {@code target} is an entry of the store, and {@code blob}, the link to it, is
     * a blob of {@code repository}. All three paths are real.
     */
    static boolean holds(Path target, Path blob, Path repository) {
      Path store = repository.resolveSibling("blobs");
      String hash = target.getFileName().toString();
      return repository.resolve("blobs").equals(blob.getParent())
          && HASH.matcher(hash).matches()
          && target.equals(store.resolve(hash.substring(0, 2)).resolve(hash))
          && Files.isRegularFile(target)
          && isMarked(store);
    }

    private static boolean isMarked(Path store) {
      Path marker = store.resolve(MARKER);
      return Files.isRegularFile(marker, LinkOption.NOFOLLOW_LINKS)
          && LAYOUT_ONE
              .matcher(new String(ModelFile.head(marker, 4), StandardCharsets.UTF_8))
              .matches();
    }
  }

  /**
   * The cache of huggingface_hub: {@code models--org--name} with {@code refs}, {@code snapshots}
   * and {@code blobs}. Uses the snapshot of {@code refs/main}, or the only snapshot.
   */
  public static final class HubCache {
    private static final int LONGEST_REVISION = 100;

    private HubCache() {}

    /** Returns the snapshot in {@code folder}; {@code folder} itself if it is no such cache. */
    public static Path snapshot(Path folder) {
      Path snapshots = folder.resolve("snapshots");
      if (!Files.isDirectory(snapshots) || ModelFile.exists(folder.resolve("model_index.json"))) {
        return folder;
      }
      ModelFile.own(snapshots);
      Path main = folder.resolve("refs").resolve("main");
      if (ModelFile.exists(main)) {
        ModelFile.own(main.getParent());
        return RepositoryFolder.of(snapshots).resolve(revision(main), main);
      }
      List<Path> all = list(snapshots);
      if (all.size() != 1) {
        throw new InvalidInputException(folder + " contains " + all.size()
            + " snapshots and no refs/main; "
            + (all.isEmpty()
                ? "download the model again"
                : "give the folder of one snapshot in " + snapshots));
      }
      return ModelFile.own(all.get(0));
    }

    /**
     * Returns the name of a folder. A snapshot, whose own name is that of a revision, has the name
     * of its repository's folder in the cache.
     */
    public static String name(Path folder) {
      Path snapshots = folder.toAbsolutePath().normalize().getParent();
      boolean isSnapshot =
          snapshots != null && snapshots.endsWith("snapshots") && snapshots.getNameCount() > 1;
      return String.valueOf(
          isSnapshot ? snapshots.getParent().getFileName() : folder.getFileName());
    }

    private static String revision(Path ref) {
      String text = new String(
          ModelFile.head(ModelFile.own(ref), LONGEST_REVISION + 1), StandardCharsets.UTF_8);
      if (text.length() > LONGEST_REVISION) {
        throw new InvalidInputException(
            ref + " is too long to name a snapshot; download the model again");
      }
      return text.strip();
    }

    private static List<Path> list(Path folder) {
      try (Stream<Path> entries = Files.list(folder)) {
        return entries.sorted().toList();
      } catch (IOException | UncheckedIOException e) {
        throw new InvalidInputException("cannot list " + folder + ": " + e.getMessage(), e);
      }
    }
  }
}
