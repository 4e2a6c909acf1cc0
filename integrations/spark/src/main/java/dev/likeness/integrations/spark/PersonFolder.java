package dev.likeness.integrations.spark;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.integrations.spark.PersonResult.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;

/**
 * The files of one person on the shared file system. The finished folder appears in one step and
 * has the key of its work as its name. {@code metrics.json} in it lists all other files.
 */
final class PersonFolder {
  static final String METRICS = "metrics.json";

  private static final String BEGUN = "begun-";
  private static final int MAX_METRICS = 1 << 24;

  private final SharedFiles files;
  private final String id;
  private final Path person;
  private final Path finished;
  private final Path allWork;
  private final Path work;
  private final Path begun;
  private final Tombstones tombstones;
  private final String tombstone;

  /**
   * Creates the folder of a person.
   *
   * @param job the application's id, which tells its attempts from those of earlier applications
   * @param attempt the number of the attempt of the task
   * @param tombstone the person's mark in {@link Tombstones} when the job began
   */
  PersonFolder(
      SharedFiles files,
      JobFolders folders,
      String id,
      String key,
      String job,
      int attempt,
      String tombstone) {
    this.files = files;
    this.id = id;
    person = folders.person(id);
    finished = new Path(person, key);
    allWork = folders.work(id);
    work = new Path(allWork, key);
    begun = new Path(work, BEGUN + job + "-" + attempt);
    tombstones = new Tombstones(files, folders);
    this.tombstone = tombstone;
  }

  /**
   * Returns the result of an earlier attempt or job with the same key, if it is complete.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if {@code metrics.json} is damaged
   */
  Optional<PersonResult> findFinished() throws IOException {
    Path metrics = new Path(finished, METRICS);
    if (!files.exists(metrics)) {
      return Optional.empty();
    }
    FinishedMetrics content = FinishedMetrics.parse(
        files.read("the " + METRICS + " of this person", metrics, MAX_METRICS), finished.getName());
    List<String> paths = new ArrayList<>();
    for (Map.Entry<String, Long> file : content.bytes().entrySet()) {
      Path path = new Path(finished, file.getKey());
      if (!files.exists(path)
          || files.system(path).getFileStatus(path).getLen() != file.getValue()) {
        return Optional.empty();
      }
      paths.add(path.toString());
    }
    paths.add(metrics.toString());
    return Optional.of(new PersonResult(
        id, Status.DONE, content.reasons(), content.likeness(), paths, content.seconds(), true, 0));
  }

  /**
   * Marks the beginning of this attempt with a file that contains the number of its process.
   *
   * @return the number of earlier attempts of the application that ended without a word, because
   *     their process died
   */
  int begin() throws IOException {
    String job = begun.getName().substring(0, begun.getName().lastIndexOf('-') + 1);
    int died = 0;
    for (FileStatus entry : files.list(work)) {
      died += entry.getPath().getName().startsWith(job)
              && !entry.getPath().getName().equals(begun.getName())
          ? 1
          : 0;
    }
    files.createPrivateFolder(work);
    files.write(
        begun, Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII));
    return died;
  }

  /** Ends an attempt that failed in order, so that it does not count as one that died. */
  void end() throws IOException {
    files.delete(begun);
  }

  /**
   * Returns false if the person was erased, or finished by another attempt, since the beginning.
   */
  boolean isWanted() throws IOException {
    return files.exists(begun) && !isErased();
  }

  /** Returns true if the person was erased after the job began, for example while it loaded. */
  boolean isErased() throws IOException {
    return !tombstones.of(id).equals(tombstone);
  }

  /** Ends an attempt at a person who was erased, and leaves nothing of it. */
  void withdraw() throws IOException {
    files.delete(begun);
    sweepUnwanted();
  }

  Path work() {
    return work;
  }

  /**
   * Writes the files of a finished person in one step, and deletes earlier versions and all
   * unfinished work of the person. If another attempt was faster, its folder stays, and that
   * attempt deletes them.
   *
   * @param content the files by name
   * @param metrics the metrics, to which the list of files is added
   * @return the result; empty if the person was erased in the meantime
   */
  Optional<PersonResult> commit(Map<String, byte[]> content, Map<String, Object> metrics)
      throws IOException {
    if (!isWanted()) {
      return findFinished();
    }
    Path complete = new Path(work, "commit-" + UUID.randomUUID());
    Map<String, Object> list = new LinkedHashMap<>();
    for (Map.Entry<String, byte[]> file : content.entrySet()) {
      if (!isWanted()) {
        return giveUp(complete);
      }
      files.write(new Path(complete, file.getKey()), file.getValue());
      list.put(
          file.getKey(),
          Map.of("bytes", file.getValue().length, "sha256", PersonKey.hex(file.getValue())));
    }
    Map<String, Object> all = new LinkedHashMap<>(metrics);
    all.put("files", list);
    files.write(
        new Path(complete, METRICS),
        JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asBytes(all));
    if (!isWanted()) {
      return giveUp(complete);
    }
    if (findFinished().isEmpty()) {
      files.delete(finished);
    }
    files.createPrivateFolder(person);
    if (!files.commit(complete, finished)) {
      return findFinished();
    }
    if (!isWanted()) {
      files.delete(finished);
      files.deleteIfEmpty(person);
      sweepUnwanted();
      return Optional.empty();
    }
    for (FileStatus old : files.list(person)) {
      if (!old.getPath().getName().equals(finished.getName())) {
        files.delete(old.getPath());
      }
    }
    files.delete(allWork);
    return findFinished();
  }

  private Optional<PersonResult> giveUp(Path complete) throws IOException {
    files.delete(complete);
    sweepUnwanted();
    return findFinished();
  }

  /** Deletes the folders that an attempt made anew after an erasure. */
  void sweepUnwanted() throws IOException {
    files.deleteIfEmpty(work);
    files.deleteIfEmpty(allWork);
  }

  /** Deletes unfinished work that a killed process left of a finished person. */
  void sweep() throws IOException {
    files.delete(allWork);
  }
}
