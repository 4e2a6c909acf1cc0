package dev.likeness.hub;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;

/**
 * The store that all repositories of a cache share: {@code blobs/ab/abc…}. A file {@code abc….refs}
 * beside each blob lists the links to it. The list is a hint: each line is compared with the links
 * themselves, and without a readable list nothing is deleted. Source: huggingface_hub 2.4,
 * {@code utils/_shared_blobs.py}.
 */
final class SharedBlobs {
  private static final String MARKER = ".huggingface-shared-blobs";
  private static final Pattern LINK = Pattern.compile("models--[^/\\\\]+/blobs/[^/\\\\]+");
  private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

  private SharedBlobs() {}

  /** Returns true if the folder is a store of the layout that is known. */
  static boolean isMarked(Path store) {
    Path marker = store.resolve(MARKER);
    try {
      return Files.isRegularFile(marker, LinkOption.NOFOLLOW_LINKS)
          && Files.size(marker) <= 4
          && Files.readString(marker, StandardCharsets.UTF_8).strip().equals("1");
    } catch (IOException e) {
      return false;
    }
  }

  /** Returns the blob of the store that a blob of a repository links to. */
  static Optional<Path> target(Path cache, Path blob) {
    try {
      Path store = cache.resolve("blobs");
      if (!Files.isSymbolicLink(blob) || !isMarked(store)) {
        return Optional.empty();
      }
      Path target = blob.getParent().resolve(Files.readSymbolicLink(blob)).normalize();
      String hash = target.getFileName().toString();
      return HASH.matcher(hash).matches()
              && target.equals(store.resolve(hash.substring(0, 2)).resolve(hash).normalize())
          ? Optional.of(target)
          : Optional.empty();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Returns the links to a blob of the store, relative to the cache; empty if nobody knows. */
  static Optional<Set<String>> links(Path cache, Path stored) {
    Path list = list(stored);
    try {
      if (!Files.isRegularFile(list, LinkOption.NOFOLLOW_LINKS)) {
        return Optional.empty();
      }
      Set<String> links = new TreeSet<>();
      for (String line : Files.readAllLines(list, StandardCharsets.UTF_8)) {
        if (LINK.matcher(line).matches()
            && !line.contains("..")
            && target(cache, cache.resolve(line)).equals(Optional.of(stored))) {
          links.add(line);
        }
      }
      return Optional.of(links);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Deletes a blob of the store if no link to it is left; else renews its list. */
  static void sweep(Path cache, Path stored) throws IOException {
    Optional<Set<String>> links = links(cache, stored);
    if (links.isEmpty()) {
      return;
    }
    if (links.get().isEmpty()) {
      Files.deleteIfExists(stored);
      Files.deleteIfExists(list(stored));
      return;
    }
    Path fresh =
        stored.resolveSibling(stored.getFileName() + ".refs." + UUID.randomUUID() + ".tmp");
    Files.write(fresh, List.copyOf(links.get()), StandardCharsets.UTF_8);
    Files.move(fresh, list(stored), StandardCopyOption.REPLACE_EXISTING);
  }

  private static Path list(Path stored) {
    return stored.resolveSibling(stored.getFileName() + ".refs");
  }
}
