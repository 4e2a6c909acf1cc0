package dev.likeness.integrations.spark;

import dev.likeness.diffusion.error.InvalidInputException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * Reads the photos of one person. Their number and size are checked before one is read, because
 * tasks share the memory of their executor.
 *
 * <p>The photos are called "photo 1", "photo 2" and so on, in the order of the row and, in a
 * folder, by file name. Their own names are personal data that must not come into the logs of
 * drivers and executors, the results or {@code metrics.json}.
 */
final class NumberedPhotos {
  static final int MAX_PHOTOS = 100;
  static final long MAX_BYTES = 64L << 20;
  static final long MAX_TOTAL_BYTES = 512L << 20;

  private final SharedFiles files;
  private final List<FileStatus> found = new ArrayList<>();

  private NumberedPhotos(SharedFiles files) {
    this.files = files;
  }

  /**
   * Reads photos.
   *
   * @param uris the URIs of photos, or of folders of photos
   * @throws InvalidInputException if there are none, too many or too large ones, or one is missing
   */
  static List<PersonKey.PhotoFile> read(List<String> uris, SharedFiles files) throws IOException {
    if (uris.isEmpty()) {
      throw new InvalidInputException("the row has no photos; give 3 to 20 photos of the person");
    }
    requireFew(uris.size());
    NumberedPhotos photos = new NumberedPhotos(files);
    for (int i = 0; i < uris.size(); i++) {
      photos.find("entry " + (i + 1) + " of the photos", uris.get(i));
    }
    photos.requireSmall();
    return photos.read();
  }

  private static void requireFew(int count) {
    if (count > MAX_PHOTOS) {
      throw new InvalidInputException(
          "the row has more than " + MAX_PHOTOS + " photos; give 3 to 20 photos of the person");
    }
  }

  private void find(String what, String uri) throws IOException {
    try {
      Path path = files.path(what, uri);
      FileStatus status = files.system(path).getFileStatus(path);
      if (status.isFile()) {
        found.add(status);
      } else {
        findIn(path);
      }
      requireFew(found.size());
    } catch (FileNotFoundException e) {
      throw new InvalidInputException(SharedFiles.missing(what));
    } catch (IOException e) {
      throw withoutName(what, e);
    }
  }

  // A folder may have millions of entries, so they are not listed at once.
  private void findIn(Path folder) throws IOException {
    List<FileStatus> inside = new ArrayList<>();
    RemoteIterator<FileStatus> entries = files.system(folder).listStatusIterator(folder);
    while (entries.hasNext() && found.size() + inside.size() <= MAX_PHOTOS) {
      FileStatus entry = entries.next();
      String name = entry.getPath().getName();
      if (entry.isFile() && !name.startsWith(".") && !name.startsWith("_")) {
        inside.add(entry);
      }
    }
    inside.sort(Comparator.comparing(entry -> entry.getPath().getName()));
    found.addAll(inside);
  }

  private void requireSmall() {
    long total = 0;
    for (int i = 0; i < found.size(); i++) {
      long bytes = found.get(i).getLen();
      if (bytes > MAX_BYTES) {
        throw new InvalidInputException(SharedFiles.tooLarge(name(i), MAX_BYTES));
      }
      total += bytes;
    }
    if (total > MAX_TOTAL_BYTES) {
      throw new InvalidInputException("the photos of the row have more than "
          + (MAX_TOTAL_BYTES >> 20) + " MiB together; give fewer or smaller photos");
    }
  }

  private List<PersonKey.PhotoFile> read() throws IOException {
    List<PersonKey.PhotoFile> photos = new ArrayList<>();
    for (int i = 0; i < found.size(); i++) {
      try {
        byte[] content = files.read(name(i), found.get(i).getPath(), MAX_BYTES);
        if (content.length != found.get(i).getLen()) {
          throw new InvalidInputException(
              name(i) + " changed while it was read; run the job again when it is complete");
        }
        photos.add(new PersonKey.PhotoFile(name(i), content));
      } catch (IOException e) {
        throw withoutName(name(i), e);
      }
    }
    return photos;
  }

  private static String name(int index) {
    return "photo " + (index + 1);
  }

  // Spark logs the exception of an attempt with all causes, whose messages have the path.
  private static IOException withoutName(String what, IOException cause) {
    return new IOException(what + " cannot be read (" + cause.getClass().getSimpleName()
        + "); check its permissions and the file system");
  }
}
