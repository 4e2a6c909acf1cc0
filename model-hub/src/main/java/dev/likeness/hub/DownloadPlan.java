package dev.likeness.hub;

import java.util.List;

/**
 * The files that {@link ModelHub#get(HubAddress)} would give, and which of them it would download.
 *
 * @param repository what the hub says of the repository
 * @param files the files, in the order of their names
 * @param missing those that are not in the cache
 * @param opened the file that is opened, relative to the repository; empty text for its folder
 */
public record DownloadPlan(
    HubRepository repository, List<HubFile> files, List<HubFile> missing, String opened) {
  /** Copies the lists. */
  public DownloadPlan {
    files = List.copyOf(files);
    missing = List.copyOf(missing);
  }

  /** {@return the number of bytes of all files} */
  public long bytes() {
    return files.stream().mapToLong(HubFile::size).sum();
  }

  /** {@return the number of bytes that would be downloaded} */
  public long missingBytes() {
    return missing.stream().mapToLong(HubFile::size).sum();
  }
}
