package dev.likeness.hub;

import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A hub on this machine: a server for lists and small files, and the one to which it sends clients
 * for large files. It answers as huggingface.co does. A test fills its repositories, and can say
 * how single requests are answered instead.
 */
public abstract class TestHub implements AutoCloseable {
  public static final String TOKEN = "hf_secretSecretSecret";

  /** The branches and tags of each repository. */
  static final List<String> REVISIONS = List.of("main", "refs/pr/1", "v1.0");

  private final Map<String, Repository> repositories = new ConcurrentHashMap<>();

  /** A file of a repository. */
  record Stored(byte[] bytes, boolean large, String etag) {
    Stored(byte[] bytes, boolean large) {
      this(bytes, large, etag(bytes, large));
    }

    private static String etag(byte[] bytes, boolean large) {
      BlobHash hash = BlobHash.like(large ? "0".repeat(64) : "0".repeat(40), bytes.length);
      hash.update(ByteBuffer.wrap(bytes));
      return hash.hex();
    }
  }

  /** A request that came. */
  public record Request(String server, String method, String path, String range, String token) {}

  /** A repository. */
  public final class Repository {
    final String name;
    final String commit;
    final Map<String, Stored> files = new TreeMap<>();
    final Map<String, String> xetHashes = new TreeMap<>();
    Object gated = false;
    boolean hidden;
    Object licence = "apache-2.0";

    private Repository(String name) {
      this.name = name;
      this.commit = new Stored(name.getBytes(StandardCharsets.UTF_8), false).etag();
    }

    public Repository small(String path, String text) {
      files.put(path, new Stored(text.getBytes(StandardCharsets.UTF_8), false));
      return changed();
    }

    public Repository large(String path, byte[] bytes) {
      files.put(path, new Stored(bytes, true));
      return changed();
    }

    /** Takes its files away. */
    public void clear() {
      files.clear();
      changed();
    }

    public Repository gated() {
      gated = "auto";
      return changed();
    }

    Repository hidden() {
      hidden = true;
      return changed();
    }

    public Repository licence(Object name) {
      licence = name;
      return changed();
    }

    /** Gives a file the hash of the store that repositories share. */
    Repository xet(String path, String hash) {
      xetHashes.put(path, hash);
      return changed();
    }

    Stored file(String path) {
      return files.get(path);
    }

    private Repository changed() {
      publish(this);
      return this;
    }
  }

  public abstract URI address();

  /** The address of the server for large files. */
  abstract String storageAddress();

  /** Sets the number of entries of one page of a list of files. */
  abstract void pageSize(int entries);

  /** Says how the next requests for a path are answered; {@code server} is hub or storage. */
  abstract void next(String server, String path, Scripted... given);

  public abstract List<Request> requests();

  /** Serves a repository as it is now. */
  abstract void publish(Repository repository);

  @Override
  public abstract void close();

  public Repository repository(String name) {
    return repositories.computeIfAbsent(name, each -> new Repository(each).changed());
  }

  Map<String, Repository> repositories() {
    return repositories;
  }

  HubSettings settings(Path cache) {
    return HubSettings.of(Map.of("HF_ENDPOINT", address().toString()), cache)
        .cache(cache)
        .patience(new HubSettings.Patience(
            Duration.ofSeconds(5), Duration.ofMillis(400), Duration.ofMillis(5)));
  }

  /** The number of GET requests for content. */
  public long downloads() {
    return requests().stream()
        .filter(request -> request.method().equals("GET")
            && (request.server().equals("storage") || request.path().contains("/resolve/")))
        .count();
  }
}
