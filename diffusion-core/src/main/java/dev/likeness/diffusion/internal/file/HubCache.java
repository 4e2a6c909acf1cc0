package dev.likeness.diffusion.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * The cache of huggingface_hub: {@code models--org--name} with {@code refs}, {@code snapshots} and
 * {@code blobs}. The snapshot that {@code refs/main} names is taken, or the only one there is.
 */
public final class HubCache {
  private static final int LONGEST_REVISION = 100;

  private HubCache() {}

  /** The snapshot in {@code folder}, or {@code folder} itself when it is no such cache. */
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
