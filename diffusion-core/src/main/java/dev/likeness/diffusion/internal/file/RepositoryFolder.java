package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A folder of model files. Some files, such as {@code model_index.json}, name other files. Such a
 * name must be plain, and its target must lie inside the repository. In a Hugging Face cache the
 * repository is the {@code models--…} folder, so links from {@code snapshots} into {@code blobs}
 * are allowed.
 */
public final class RepositoryFolder {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._-]+");

  private final Path folder;
  private final Path root;

  private RepositoryFolder(Path folder, Path root) {
    this.folder = folder;
    this.root = root;
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
    return new RepositoryFolder(folder, root(real(folder)));
  }

  private static Path root(Path folder) {
    for (Path up = folder; up != null && up.getFileName() != null; up = up.getParent()) {
      if (up.getFileName().toString().startsWith("models--")
          && Files.isDirectory(up.resolve("blobs"))) {
        return up;
      }
    }
    Path parent = folder.getParent();
    return parent != null && Files.isRegularFile(parent.resolve("model_index.json"))
        ? parent
        : folder;
  }

  /**
   * Returns the file or folder {@code name} directly in this folder; links are followed.
   *
   * @param namedBy the file that contains the name, for messages
   * @throws InvalidInputException if the name is not plain, leads out of the repository, or does
   *     not exist
   */
  public Path resolve(String name, Path namedBy) {
    if (!PLAIN.matcher(name).matches() || name.equals(".") || name.equals("..")) {
      throw new InvalidInputException(namedBy + " names the file " + Quoted.of(name)
          + "; expected a plain name of letters, digits, '.', '_' and '-' in the same folder");
    }
    Path file = folder.resolve(name);
    if (!Files.exists(file)) {
      throw new InvalidInputException(namedBy + " names " + name + ", which is not in " + folder
          + "; download the missing file");
    }
    if (!real(file).startsWith(root)) {
      throw new InvalidInputException(
          file + " links to a place outside " + root + "; copy the file into the folder");
    }
    return file;
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
   * The cache of huggingface_hub: {@code models--org--name} with {@code refs}, {@code snapshots}
   * and {@code blobs}. Uses the snapshot of {@code refs/main}, or the only snapshot.
   */
  public static final class HubCache {
    private static final int LONGEST_REVISION = 100;

    private HubCache() {}

    /** Returns the snapshot in {@code folder}; {@code folder} itself if it is no such cache. */
    public static Path snapshot(Path folder) {
      Path snapshots = folder.resolve("snapshots");
      if (!Files.isDirectory(snapshots) || Files.exists(folder.resolve("model_index.json"))) {
        return folder;
      }
      Path main = folder.resolve("refs").resolve("main");
      if (Files.exists(main)) {
        return RepositoryFolder.of(snapshots).resolve(revision(main), main);
      }
      List<Path> all = list(snapshots);
      if (all.size() != 1) {
        throw new InvalidInputException(folder + " holds " + all.size()
            + " snapshots and no refs/main; give the folder of one below " + snapshots);
      }
      return all.get(0);
    }

    private static String revision(Path ref) {
      try {
        if (Files.size(ref) > LONGEST_REVISION) {
          throw new InvalidInputException(
              ref + " is too long to name a snapshot; download the model again");
        }
        return Files.readString(ref).strip();
      } catch (IOException e) {
        throw new InvalidInputException("cannot read " + ref + ": " + e.getMessage(), e);
      }
    }

    private static List<Path> list(Path folder) {
      try (Stream<Path> entries = Files.list(folder)) {
        return entries.sorted().toList();
      } catch (IOException e) {
        throw new InvalidInputException("cannot list " + folder + ": " + e.getMessage(), e);
      }
    }
  }
}
