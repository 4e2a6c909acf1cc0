package dev.likeness.hub;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.io.CurrentWork;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The cache of huggingface_hub on this machine: what is in it, how large it is, whether it is
 * whole, and how to remove a model. Nothing is asked of a hub.
 */
public final class HubCache {
  private static final String PREFIX = "models--";

  private final HubSettings settings;
  private final Path folder;

  private HubCache(HubSettings settings) {
    this.settings = settings;
    this.folder = settings.cache().toAbsolutePath().normalize();
  }

  /**
   * {@return the cache of settings}
   *
   * @param settings gives the folder
   */
  public static HubCache of(HubSettings settings) {
    return new HubCache(settings);
  }

  /** {@return the folder that contains {@code models--owner--name}} */
  public Path folder() {
    return folder;
  }

  /**
   * A repository in the cache.
   *
   * @param name owner and name
   * @param folder its folder
   * @param revisions the commit of each branch or tag that was downloaded
   * @param bytes the bytes of its files; a file that repositories share counts in each of them
   */
  public record Entry(String name, Path folder, Map<String, String> revisions, long bytes) {
    /** Copies the map. */
    public Entry {
      revisions = Map.copyOf(revisions);
    }
  }

  /**
   * What removing a repository deletes.
   *
   * @param name owner and name
   * @param folder the folder that is deleted
   * @param bytes the bytes that become free; files that other repositories share are kept and do
   *     not count
   */
  public record Removal(String name, Path folder, long bytes) {}

  /**
   * {@return the repositories in the cache, by name} A cache that does not exist is empty.
   *
   * @throws InvalidInputException if the cache cannot be read
   */
  public List<Entry> entries() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<Entry> all = new ArrayList<>();
    try (DirectoryStream<Path> folders = Files.newDirectoryStream(folder, PREFIX + "*")) {
      for (Path each : folders) {
        String name = each.getFileName().toString().substring(PREFIX.length());
        int owner = name.indexOf("--");
        if (owner > 0 && Files.isDirectory(each.resolve("snapshots"))) {
          long bytes = 0;
          for (Path blob : blobs(each)) {
            bytes += Files.exists(blob) ? Files.size(blob) : 0;
          }
          all.add(new Entry(
              name.substring(0, owner) + "/" + name.substring(owner + 2),
              each,
              revisions(each.resolve("refs")),
              bytes));
        }
      }
    } catch (IOException e) {
      throw CacheFolder.unwritable(folder, e);
    }
    all.sort(Comparator.comparing(Entry::name));
    return all;
  }

  /**
   * {@return the repository of a name; empty if the cache does not have it}
   *
   * @param name owner and name
   */
  public Optional<Entry> entry(String name) {
    return entries().stream().filter(entry -> entry.name().equals(name)).findFirst();
  }

  /**
   * {@return the bytes of the whole cache} A file that repositories share counts once.
   *
   * @throws InvalidInputException if the cache cannot be read
   */
  public long bytes() {
    if (!Files.isDirectory(folder)) {
      return 0;
    }
    try (Stream<Path> all = Files.walk(folder)) {
      return all.filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
          .mapToLong(HubCache::size)
          .sum();
    } catch (IOException e) {
      throw CacheFolder.unwritable(folder, e);
    }
  }

  /**
   * Compares the content of each blob of a repository with its name, which is the digest that the
   * hub gave when the file was downloaded.
   *
   * @param name owner and name
   * @return the files that differ or are not finished, as paths below the repository's folder;
   *     empty if all are whole
   * @throws InvalidInputException if the cache does not have the repository
   */
  public List<String> faults(String name) {
    Entry entry = required(name);
    Set<String> faults = new TreeSet<>();
    try {
      for (Path blob : blobs(entry.folder())) {
        String etag = blob.getFileName().toString();
        String shown = "blobs/" + etag;
        if (!Files.exists(blob)) {
          faults.add(shown + " links to a file that does not exist");
        } else if (BlobHash.isDigest(etag)
            && !BlobHash.matches(blob, etag, CurrentWork::throwIfCancelled)) {
          faults.add(shown + " has another digest");
        }
      }
      try (Stream<Path> links = Files.walk(entry.folder().resolve("snapshots"))) {
        links
            .filter(link -> Files.isSymbolicLink(link) && !Files.exists(link))
            .forEach(link -> faults.add(
                entry.folder().relativize(link) + " links to a file that does not exist"));
      }
    } catch (IOException e) {
      throw CacheFolder.unwritable(entry.folder(), e);
    }
    return List.copyOf(faults);
  }

  /**
   * {@return what removing a repository would delete} Deletes nothing.
   *
   * @param name owner and name
   * @throws InvalidInputException if the cache does not have the repository
   */
  public Removal removal(String name) {
    Entry entry = required(name);
    long bytes = 0;
    try (Stream<Path> all = Files.walk(entry.folder())) {
      for (Path file : all.toList()) {
        if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          bytes += size(file);
        } else if (Files.isSymbolicLink(file)) {
          bytes += SharedBlobs.target(folder, file)
              .filter(stored -> isOnlyLink(entry, stored))
              .map(HubCache::size)
              .orElse(0L);
        }
      }
    } catch (IOException e) {
      throw CacheFolder.unwritable(entry.folder(), e);
    }
    return new Removal(entry.name(), entry.folder(), bytes);
  }

  private boolean isOnlyLink(Entry entry, Path stored) {
    String own = entry.folder().getFileName() + "/";
    return SharedBlobs.links(folder, stored)
        .filter(links -> links.stream().allMatch(link -> link.startsWith(own)))
        .isPresent();
  }

  /**
   * Deletes a repository from the cache. Files that other repositories share are kept.
   *
   * @param removal what {@link #removal} returned
   * @throws InvalidInputException if the cache does not have the repository
   */
  public void remove(Removal removal) {
    Entry entry = required(removal.name());
    try {
      Set<Path> shared = new TreeSet<>();
      for (Path blob : blobs(entry.folder())) {
        SharedBlobs.target(folder, blob).ifPresent(shared::add);
      }
      // The snapshots first: a reader then finds no half of a model.
      delete(entry.folder().resolve("refs"));
      delete(entry.folder().resolve("snapshots"));
      delete(entry.folder());
      delete(folder.resolve(".locks").resolve(entry.folder().getFileName()));
      for (Path stored : shared) {
        SharedBlobs.sweep(folder, stored);
      }
    } catch (IOException e) {
      throw CacheFolder.unwritable(entry.folder(), e);
    }
  }

  private Entry required(String name) {
    return entry(name)
        .orElseThrow(
            () -> new InvalidInputException(new HubAddress(name, HubAddress.MAIN, Optional.empty())
                + " is not in the cache " + settings.cache()));
  }

  private static void delete(Path path) throws IOException {
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      return;
    }
    try (Stream<Path> all = Files.walk(path)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(each);
      }
    }
  }

  private static List<Path> blobs(Path repository) throws IOException {
    Path blobs = repository.resolve("blobs");
    if (!Files.isDirectory(blobs)) {
      return List.of();
    }
    try (Stream<Path> all = Files.list(blobs)) {
      return all.sorted().toList();
    }
  }

  private static Map<String, String> revisions(Path refs) throws IOException {
    Map<String, String> revisions = new TreeMap<>();
    if (Files.isDirectory(refs)) {
      try (Stream<Path> all = Files.walk(refs)) {
        for (Path ref : all.filter(Files::isRegularFile).toList()) {
          if (Files.size(ref) <= 100) {
            String commit = Files.readString(ref).strip();
            if (CacheFolder.COMMIT.matcher(commit).matches()) {
              revisions.put(refs.relativize(ref).toString().replace('\\', '/'), commit);
            }
          }
        }
      }
    }
    return revisions;
  }

  private static long size(Path file) {
    try {
      return Files.size(file);
    } catch (IOException e) {
      return 0;
    }
  }
}
