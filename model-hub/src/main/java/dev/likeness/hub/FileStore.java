package dev.likeness.hub;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.CurrentWork;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The files that were downloaded from addresses of the web, each as {@code SHA256/NAME} below one
 * folder. Nothing is asked of a server.
 */
public final class FileStore {
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
  private static final String PART = ".likeness.part";

  private final Path folder;

  private FileStore(Path folder) {
    this.folder = folder;
  }

  /**
   * {@return the files of settings}
   *
   * @param settings gives the folder
   */
  public static FileStore of(HubSettings settings) {
    return new FileStore(settings.files().toAbsolutePath().normalize());
  }

  /** {@return the folder that contains {@code SHA256/NAME}} */
  public Path folder() {
    return folder;
  }

  /**
   * A downloaded file.
   *
   * @param name its name
   * @param path where it is
   * @param sha256 the digest that was expected at the download
   * @param bytes its length
   */
  public record Entry(String name, Path path, String sha256, long bytes) {}

  /**
   * {@return the files, by name} A folder that does not exist is empty.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the folder cannot be read
   */
  public List<Entry> entries() {
    List<Entry> all = new ArrayList<>();
    if (!Files.isDirectory(folder)) {
      return all;
    }
    try (DirectoryStream<Path> digests = Files.newDirectoryStream(folder)) {
      for (Path digest : digests) {
        String sha256 = digest.getFileName().toString();
        if (DIGEST.matcher(sha256).matches() && Files.isDirectory(digest)) {
          addFiles(digest, sha256, all);
        }
      }
    } catch (IOException e) {
      throw place("").unusable(folder, e);
    }
    all.sort(Comparator.comparing(Entry::name).thenComparing(Entry::sha256));
    return all;
  }

  private static void addFiles(Path digest, String sha256, List<Entry> all) throws IOException {
    try (DirectoryStream<Path> files = Files.newDirectoryStream(digest)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (!name.endsWith(PART) && Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
          all.add(new Entry(name, file, sha256, Files.size(file)));
        }
      }
    }
  }

  /**
   * {@return the file of a name; empty if there is none}
   *
   * @param name the name of the file
   * @throws InvalidInputException if several files have the name
   */
  public Optional<Entry> entry(String name) {
    List<Entry> named =
        entries().stream().filter(each -> each.name().equals(name)).toList();
    if (named.size() > 1) {
      throw new InvalidInputException("several files are called " + Quoted.of(name) + ": "
          + String.join(", ", named.stream().map(each -> each.path().toString()).toList())
          + "; give the path");
    }
    return named.stream().findFirst();
  }

  /** Returns the place of a file. */
  Optional<Path> find(WebFile file) {
    return Optional.of(path(file)).filter(Files::isRegularFile);
  }

  private Path path(WebFile file) {
    return folder.resolve(file.sha256()).resolve(file.name());
  }

  /**
   * Compares a file with its digest.
   *
   * @param entry a file of this folder
   * @return true if the file has the digest that was expected at the download
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be read
   */
  public boolean isWhole(Entry entry) {
    try {
      return BlobHash.matches(entry.path(), entry.sha256(), CurrentWork::throwIfCancelled);
    } catch (IOException e) {
      throw place("").unusable(entry.path(), e);
    }
  }

  /**
   * Deletes a file, and what an unfinished download of it left.
   *
   * @param entry a file of this folder
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be deleted
   */
  public void remove(Entry entry) {
    Path own = folder.resolve(entry.sha256());
    try {
      Files.deleteIfExists(own.resolve(entry.name()));
      Files.deleteIfExists(own.resolve(entry.name() + PART));
      try (DirectoryStream<Path> left = Files.newDirectoryStream(own)) {
        if (left.iterator().hasNext()) {
          return;
        }
      }
      Files.delete(own);
    } catch (IOException e) {
      throw place("").unusable(own, e);
    }
  }

  /** Returns the place that a file of a name is downloaded to. */
  BlobPlace place(String name) {
    return new BlobPlace(folder, "the folder of downloaded files", "XDG_DATA_HOME") {
      @Override
      Path blob(String etag) {
        return folder.resolve(etag).resolve(name);
      }

      @Override
      Path unfinished(String etag) {
        return folder.resolve(etag).resolve(name + PART);
      }

      @Override
      Path lock(String etag) {
        return folder.resolve(".locks").resolve(etag + ".lock");
      }
    };
  }
}
