package dev.likeness.integrations.spark;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Reads and writes files of Hadoop's file systems. A file is written completely or not at all.
 * Places that rows name must have one of the allowed URI schemes, so that a row can reach neither
 * the executors' disks nor other machines.
 */
final class SharedFiles {
  private static final FsPermission OWNERS = new FsPermission((short) 0700);
  private static final String PART = ".part";

  private final Configuration configuration;
  private final Set<String> schemes;

  /** Creates access to places that are not from rows. */
  SharedFiles(Configuration configuration) {
    this(configuration, Set.of());
  }

  /**
   * Creates access to places that may be from rows.
   *
   * @param schemes the URI schemes that places of rows may have
   */
  SharedFiles(Configuration configuration, Set<String> schemes) {
    this.configuration = configuration;
    this.schemes = schemes;
  }

  /** Returns the schemes of a job's output folder and of the default file system. */
  static String[] schemes(Configuration configuration, String... out) {
    return Stream.concat(
            Stream.of(FileSystem.getDefaultUri(configuration).getScheme()),
            Stream.of(out).map(place -> scheme(new Path(place), configuration)))
        .toArray(String[]::new);
  }

  private static String scheme(Path path, Configuration configuration) {
    String own = path.toUri().getScheme();
    return (own == null ? FileSystem.getDefaultUri(configuration).getScheme() : own)
        .toLowerCase(Locale.ROOT);
  }

  FileSystem system(Path path) throws IOException {
    return path.getFileSystem(configuration);
  }

  /** Creates the folder if it is missing. Only its owner can read a new folder. */
  void createPrivateFolder(Path folder) throws IOException {
    FileSystem system = system(folder);
    if (!system.exists(folder)) {
      system.mkdirs(folder, OWNERS);
    }
  }

  /**
   * Reads a file.
   *
   * @param what the file in messages
   * @param most the largest number of bytes
   * @throws InvalidInputException if there is no such file, or if it is larger
   */
  byte[] read(String what, Path file, long most) throws IOException {
    FileSystem system = system(file);
    try {
      if (system.getFileStatus(file).getLen() > most) {
        throw new InvalidInputException(tooLarge(what, most));
      }
      try (FSDataInputStream in = system.open(file)) {
        byte[] bytes = in.readNBytes((int) most + 1);
        if (bytes.length > most) {
          throw new InvalidInputException(tooLarge(what, most));
        }
        return bytes;
      }
    } catch (FileNotFoundException e) {
      throw new InvalidInputException(missing(what));
    }
  }

  /** Returns the message about a file that is too large, without its name. */
  static String tooLarge(String what, long most) {
    return what + " has more than " + (most >> 20) + " MiB; give a smaller file";
  }

  /** Returns the message about a file that is missing, without its name. */
  static String missing(String what) {
    return what + " does not exist; correct its URI, or copy the file there";
  }

  void write(Path file, byte[] content) throws IOException {
    try (FSDataOutputStream out = system(file).create(file, true)) {
      out.write(content);
      out.hsync();
    }
  }

  /** Writes a file completely or not at all. A file that exists stays as it is. */
  void writeOnce(Path file, byte[] content) throws IOException {
    FileSystem system = system(file);
    Path part = new Path(file.getParent(), "." + file.getName() + "." + UUID.randomUUID() + PART);
    try {
      write(part, content);
      if (!system.exists(file) && !system.rename(part, file) && !system.exists(file)) {
        throw new IOException("cannot rename a file to " + file + "; check the permissions");
      }
    } finally {
      system.delete(part, false);
    }
  }

  boolean exists(Path path) throws IOException {
    return system(path).exists(path);
  }

  void delete(Path path) throws IOException {
    FileSystem system = system(path);
    system.delete(path, true);
    if (system.exists(path)) {
      throw new IOException(path + " still exists after deletion; check the permissions");
    }
  }

  /** Deletes a folder if nothing is in it. */
  void deleteIfEmpty(Path folder) throws IOException {
    if (exists(folder) && list(folder).isEmpty()) {
      system(folder).delete(folder, true);
    }
  }

  /**
   * Returns the path of a URI of a row. Hadoop takes {@code %20} in a path as it stands; if there
   * is no such file, it stands for a space.
   *
   * @param what the file in messages, which do not contain the URI
   * @throws InvalidInputException if the URI is broken or its scheme is not allowed
   */
  Path path(String what, String uri) throws IOException {
    Path plain = allowed(what, uri);
    if (!uri.contains("%") || exists(plain)) {
      return plain;
    }
    try {
      Path decoded = new Path(new URI(uri));
      return exists(decoded) ? decoded : plain;
    } catch (URISyntaxException | IllegalArgumentException noUri) {
      return plain;
    }
  }

  private Path allowed(String what, String uri) {
    Path path;
    try {
      path = new Path(uri);
    } catch (IllegalArgumentException e) {
      // Without the cause, whose message is the URI.
      throw new InvalidInputException(
          what + " has a URI that cannot be read; give one such as hdfs:///folder/file");
    }
    if (!schemes.contains(scheme(path, configuration))) {
      throw new InvalidInputException(
          what + " has a URI scheme that this job does not allow (allowed: "
              + String.join(", ", new TreeSet<>(schemes))
              + "); copy the file, or allow its scheme with the job's schemes");
    }
    return path;
  }

  /** Returns the entries of a folder by name; none if the folder is missing. */
  List<FileStatus> list(Path folder) throws IOException {
    try {
      return Stream.of(system(folder).listStatus(folder))
          .sorted((a, b) -> a.getPath().getName().compareTo(b.getPath().getName()))
          .toList();
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }

  /** Returns all files below a folder; none if the folder is missing. */
  List<FileStatus> listAll(Path folder) throws IOException {
    List<FileStatus> files = new ArrayList<>();
    for (FileStatus entry : list(folder)) {
      if (entry.isDirectory()) {
        files.addAll(listAll(entry.getPath()));
      } else {
        files.add(entry);
      }
    }
    return files;
  }

  /**
   * Moves a complete folder to its final place in one step. If another attempt has moved its equal
   * folder there first, that folder stays.
   *
   * @return true if this call moved the folder
   */
  boolean commit(Path complete, Path target) throws IOException {
    FileSystem system = system(target);
    system.mkdirs(target.getParent());
    boolean moved = !system.exists(target) && system.rename(complete, target);
    // Some file systems move a folder into the target if another attempt was faster.
    boolean nested = system.delete(new Path(target, complete.getName()), true);
    system.delete(complete, true);
    if (!system.exists(target)) {
      throw new IOException("cannot rename a folder to " + target + "; check the permissions");
    }
    return moved && !nested;
  }
}
