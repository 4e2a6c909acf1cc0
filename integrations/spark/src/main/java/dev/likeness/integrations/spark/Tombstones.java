package dev.likeness.integrations.spark;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The marks of erased people below the folder {@code _erased} of the output folder. Each erasure
 * gives a person another mark. A job remembers the mark that a person has when the job begins; a
 * task that finds another one writes nothing about the person.
 */
final class Tombstones {
  /** The mark of a person who was never erased. */
  static final String NONE = "";

  private static final int MAX_BYTES = 1 << 10;

  private final SharedFiles files;
  private final JobFolders folders;

  Tombstones(SharedFiles files, JobFolders folders) {
    this.files = files;
    this.folders = folders;
  }

  /** Returns the marks of all erased people, by the names of their folders. */
  Map<String, String> all() throws IOException {
    Map<String, String> marks = new HashMap<>();
    for (FileStatus entry : files.list(folders.tombstones())) {
      marks.put(entry.getPath().getName(), of(entry.getPath()));
    }
    return marks;
  }

  /** Returns the mark of a person. */
  String of(String id) throws IOException {
    return of(folders.tombstone(id));
  }

  private String of(Path file) throws IOException {
    if (!files.exists(file)) {
      return NONE;
    }
    try (var in = files.system(file).open(file)) {
      // A mark that is being written differs from every complete one.
      return "erased " + new String(in.readNBytes(MAX_BYTES), StandardCharsets.US_ASCII);
    } catch (FileNotFoundException replaced) {
      return "erased";
    }
  }

  /** Gives a person a new mark. */
  void erase(String id) throws IOException {
    files.createPrivateFolder(folders.tombstones());
    files.write(
        folders.tombstone(id), UUID.randomUUID().toString().getBytes(StandardCharsets.US_ASCII));
  }
}
