package dev.likeness.hub;

import java.util.List;
import java.util.Optional;

/**
 * What a hub says of a revision of a repository.
 *
 * @param address the repository and the revision that was asked for
 * @param commit the commit of the revision: 40 hexadecimal digits
 * @param licence the licence that the repository states, as {@code apache-2.0}. Nobody vouches for
 *     it
 * @param gated true if the licence must be accepted before a file can be downloaded
 * @param files its files
 */
public record HubRepository(
    HubAddress address,
    String commit,
    Optional<String> licence,
    boolean gated,
    List<HubFile> files) {
  /** Copies the list. */
  public HubRepository {
    files = List.copyOf(files);
  }

  /**
   * {@return the file of a name; empty if there is none}
   *
   * @param name the whole name, relative to the repository
   */
  public Optional<HubFile> file(String name) {
    return files.stream().filter(file -> file.name().equals(name)).findFirst();
  }
}
