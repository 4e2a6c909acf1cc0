package dev.likeness.hub;

import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.internal.io.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The folder of one repository in the cache of huggingface_hub: {@code blobs/ETAG},
 * {@code snapshots/COMMIT/FILE}, which link to blobs, and {@code refs/REVISION}, which contain
 * commits. A blob may be a link into the store that all repositories share. Source: huggingface_hub
 * 2.4, {@code file_download.py} and {@code utils/_shared_blobs.py}.
 */
final class CacheFolder extends BlobPlace {
  /** A commit; its name is also that of a folder. */
  static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

  private static final String PREFIX = "models--";
  private static final Pattern XET = Pattern.compile("[0-9a-f]{64}");
  private static final int LONGEST_REF = 100;
  private static final String NAME = "the cache";
  private static final String VARIABLE = "HF_HUB_CACHE";

  private final Path cache;
  private final String name;
  private final boolean usesSharedStore;

  CacheFolder(HubSettings settings, String repository) {
    super(settings.cache().toAbsolutePath(), NAME, VARIABLE);
    this.cache = settings.cache().toAbsolutePath();
    this.name = PREFIX + repository.replace("/", "--");
    this.usesSharedStore = settings.usesSharedStore();
  }

  Path folder() {
    return cache.resolve(name);
  }

  @Override
  Path blob(String etag) {
    return folder().resolve("blobs").resolve(etag);
  }

  @Override
  Path lock(String etag) {
    return cache.resolve(".locks").resolve(name).resolve(etag + ".likeness.lock");
  }

  /** The unfinished download of this library; Python's have other names and are left alone. */
  @Override
  Path unfinished(String etag) {
    return folder().resolve("blobs").resolve(etag + ".likeness.part");
  }

  Path snapshot(String commit) {
    return folder().resolve("snapshots").resolve(commit);
  }

  private Path ref(String revision) {
    return folder().resolve("refs").resolve(revision);
  }

  /** Returns the commit that the cache knows for a revision. */
  Optional<String> commit(String revision) {
    if (COMMIT.matcher(revision).matches()) {
      return Optional.of(revision);
    }
    Path ref = ref(revision);
    try {
      if (!Files.isRegularFile(ref) || Files.size(ref) > LONGEST_REF) {
        return Optional.empty();
      }
      String text = Files.readString(ref, StandardCharsets.UTF_8).strip();
      return Optional.of(text).filter(commit -> COMMIT.matcher(commit).matches());
    } catch (IOException e) {
      throw unwritable(ref, e);
    }
  }

  /** Returns true if a file of a snapshot is whole, as far as its length tells. */
  boolean has(String commit, HubFile file) {
    return hasSize(snapshot(commit).resolve(file.name()), file.size())
        || hasSize(blob(file.etag()), file.size());
  }

  private static boolean hasSize(Path path, long size) {
    try {
      return Files.isRegularFile(path) && Files.size(path) == size;
    } catch (IOException e) {
      return false;
    }
  }

  /** Gives a snapshot its file, a relative link to the blob, or the blob itself without links. */
  void link(String commit, HubFile file) {
    Path target = snapshot(commit).resolve(file.name());
    Path blob = blob(file.etag());
    if (hasSize(target, file.size())) {
      return;
    }
    try {
      Files.createDirectories(target.getParent());
      Path link = target.resolveSibling("." + UUID.randomUUID() + ".likeness");
      try {
        Files.createSymbolicLink(link, target.getParent().relativize(blob));
        Files.move(
            link, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } catch (UnsupportedOperationException | IOException e) {
        Files.deleteIfExists(link);
        withoutLinks(blob, target, link);
      }
    } catch (IOException e) {
      throw unwritable(target, e);
    }
  }

  // Windows lets only some users make links. As in Python, the file then lies in the snapshot.
  private static void withoutLinks(Path blob, Path target, Path beside) throws IOException {
    if (Files.isSymbolicLink(blob)) {
      Files.copy(blob, beside, StandardCopyOption.REPLACE_EXISTING);
      Files.move(beside, target, StandardCopyOption.REPLACE_EXISTING);
    } else {
      Files.move(blob, target, StandardCopyOption.REPLACE_EXISTING);
    }
  }

  /** Notes the commit of a revision; the last step of a download. */
  void writeRef(String revision, String commit) {
    Path ref = ref(revision);
    if (!COMMIT.matcher(revision).matches() && !commit(revision).equals(Optional.of(commit))) {
      AtomicFile.write(ref, out -> out.write(commit.getBytes(StandardCharsets.US_ASCII)));
    }
  }

  /** Creates the folder of blobs. */
  void create() {
    Path blobs = folder().resolve("blobs");
    try {
      Files.createDirectories(blobs);
    } catch (IOException e) {
      throw unwritable(blobs, e);
    }
  }

  /**
   * Links a blob to its content in the shared store, if the store has it.
   *
   * @return true if the blob is there now
   */
  @Override
  boolean linkFromStore(HubFile file, Runnable check) {
    Optional<Path> stored = file.xetHash()
        .filter(hash -> usesSharedStore && XET.matcher(hash).matches())
        .map(hash -> store().resolve(hash.substring(0, 2)).resolve(hash))
        .filter(path -> isMarked()
            && Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)
            && hasSize(path, file.size()));
    if (stored.isEmpty()) {
      return false;
    }
    Path blob = blob(file.etag());
    Path link = blob.resolveSibling("." + file.etag() + "." + UUID.randomUUID() + ".shared");
    try {
      if (!BlobHash.matches(stored.get(), file.etag(), check)) {
        return false;
      }
      // As in Python, the list of links is written before the link can be seen.
      Files.writeString(
          stored.get().resolveSibling(stored.get().getFileName() + ".refs"),
          name + "/blobs/" + file.etag() + "\n",
          StandardOpenOption.CREATE,
          StandardOpenOption.APPEND);
      Files.createSymbolicLink(link, blob.getParent().relativize(stored.get()));
      Files.move(link, blob, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return true;
    } catch (UnsupportedOperationException | IOException e) {
      delete(link);
      return false;
    }
  }

  private Path store() {
    return cache.resolve("blobs");
  }

  private boolean isMarked() {
    return SharedBlobs.isMarked(store());
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      file.toFile().deleteOnExit();
    }
  }

  static ResourceLimitException unwritable(Path file, IOException e) {
    return unusable(NAME, file, VARIABLE, e);
  }
}
