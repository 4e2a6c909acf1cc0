package dev.likeness.spark;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The receipt of {@link HeadshotJob#erase}, with the number and size of the deleted files. It
 * contains neither the names nor the digests of these files. Immutable.
 *
 * @param id the person's id
 * @param erasedAt the time of the erasure, as ISO 8601 text
 * @param out the URI of the output folder of the jobs
 * @param files the number of deleted files of finished work
 * @param unfinishedFiles the number of deleted files of unfinished work, such as saved states
 * @param bytes the size of all deleted files, in bytes
 */
public record ErasureReceipt(
    String id, String erasedAt, String out, int files, int unfinishedFiles, long bytes) {
  /** {@return true if no file of this person was found} */
  public boolean isEmpty() {
    return files + unfinishedFiles == 0;
  }

  /** {@return the receipt as one JSON object} */
  public String toJson() {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("id", id);
    content.put("erased_at", erasedAt);
    content.put("out", out);
    content.put("files", files);
    content.put("unfinished_files", unfinishedFiles);
    content.put("bytes", bytes);
    content.put(
        "not_covered",
        "photos in other folders, results that the application saved, snapshots and backups of the"
            + " file system");
    try {
      return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
