package dev.likeness.spark;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.permission.FsPermission;

/** Reads and writes files of a Hadoop file system. A file is written completely or not at all. */
final class SharedFiles {
  private static final FsPermission OWNERS = new FsPermission((short) 0700);
  private static final String PART = ".part";

  private final Configuration configuration;

  SharedFiles(Configuration configuration) {
    this.configuration = configuration;
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
   * @param most the largest number of bytes
   * @throws InvalidInputException if there is no such file, or if it is larger
   */
  byte[] read(Path file, long most) throws IOException {
    try (FSDataInputStream in = system(file).open(file)) {
      byte[] bytes = in.readNBytes((int) most + 1);
      if (bytes.length > most) {
        throw new InvalidInputException(
            file.getName() + " has more than " + (most >> 20) + " MiB; give a smaller file");
      }
      return bytes;
    } catch (FileNotFoundException e) {
      throw new InvalidInputException(
          "there is no file " + file + "; correct the path, or copy the file there", e);
    }
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
   * Returns the path of a URI. Hadoop takes {@code %20} in a path as it stands; if there is no such
   * file, it stands for a space.
   */
  Path path(String uri) throws IOException {
    Path plain = new Path(uri);
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
