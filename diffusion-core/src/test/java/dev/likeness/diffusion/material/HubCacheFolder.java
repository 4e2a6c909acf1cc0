package dev.likeness.diffusion.material;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.stream.Stream;

/**
 * A repository in a cache as huggingface_hub 2.4 keeps it: the snapshot links to blobs of the
 * repository, and blobs of large files link to the store that all repositories of the cache share.
 *
 * @param repository the folder {@code models--org--name}
 */
public record HubCacheFolder(Path repository) {
  /** The name of the file that marks the shared store. */
  public static final String MARKER = ".huggingface-shared-blobs";

  private static final String COMMIT = "a".repeat(40);

  /** Creates an empty repository. */
  public static HubCacheFolder create(Path cache, String id) throws IOException {
    HubCacheFolder made = new HubCacheFolder(cache.resolve("models--" + id.replace("/", "--")));
    Files.createDirectories(made.store());
    Files.writeString(made.store().resolve(MARKER), "1\n");
    Files.createDirectories(made.repository.resolve("blobs"));
    Files.createDirectories(made.snapshot());
    Files.createDirectories(made.repository.resolve("refs"));
    Files.writeString(made.repository.resolve("refs/main"), COMMIT);
    return made;
  }

  /** Returns the folder of the snapshot. */
  public Path snapshot() {
    return repository.resolve("snapshots").resolve(COMMIT);
  }

  /** Returns the shared store of the cache. */
  public Path store() {
    return repository.resolveSibling("blobs");
  }

  /** Returns the place of a content in the shared store; its hash is that of xet. */
  public Path entry(byte[] content) {
    String xet = hash(("xet" + hash(content)).getBytes(StandardCharsets.UTF_8));
    return store().resolve(xet.substring(0, 2)).resolve(xet);
  }

  /** Returns the place of a large content among the blobs of the repository. */
  public Path blob(byte[] content) {
    return repository.resolve("blobs").resolve(hash(content));
  }

  /** Adds a file to the shared store, and returns the snapshot's link to it. */
  public Path add(String name, byte[] content) throws IOException {
    Path entry = entry(content);
    Files.createDirectories(entry.getParent());
    Files.write(entry, content);
    Path blob = blob(content);
    if (!Files.exists(blob)) {
      link(blob, entry);
      Files.writeString(
          entry.resolveSibling(entry.getFileName() + ".refs"),
          repository.getParent().relativize(blob) + "\n");
    }
    return link(snapshot().resolve(name), blob);
  }

  /**
   * Adds each file of a folder.
   *
   * @param everything whether small files lie in the shared store too, as after a download by xet
   */
  public void addAll(Path model, boolean everything) throws IOException {
    try (Stream<Path> files = Files.walk(model)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = model.relativize(file).toString();
        byte[] content = Files.readAllBytes(file);
        if (everything || name.endsWith(".safetensors")) {
          add(name, content);
        } else {
          Path blob = repository.resolve("blobs").resolve(hash(content).substring(24));
          link(snapshot().resolve(name), Files.write(blob, content));
        }
      }
    }
  }

  /** Creates a relative link, and the folders above it. */
  public static Path link(Path at, Path to) throws IOException {
    Files.createDirectories(at.getParent());
    return Files.createSymbolicLink(at, at.getParent().relativize(to));
  }

  private static String hash(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
