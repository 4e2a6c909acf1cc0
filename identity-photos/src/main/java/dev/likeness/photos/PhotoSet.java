package dev.likeness.photos;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.photos.decode.PhotoFormat;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Photos of one person, in the order of the review. Never empty. Immutable. */
public final class PhotoSet {
  private static final int HEADER_BYTES = 32;

  private final List<Photo> photos;

  private PhotoSet(List<Photo> photos) {
    this.photos = photos;
  }

  /**
   * Returns a set of photos in the given order.
   *
   * @param photos at least one photo
   * @return the set
   * @throws InvalidInputException if the list is empty
   */
  public static PhotoSet of(List<Photo> photos) {
    if (photos.isEmpty()) {
      throw new InvalidInputException("no photo was given; give 3 to 20 photos of the person");
    }
    return new PhotoSet(List.copyOf(photos));
  }

  /**
   * Returns the photos directly inside a folder, sorted by file name. A file counts as a photo if
   * its extension or its first bytes are those of an image format. Hidden files are ignored. Links
   * are not followed. The review rejects links, pipes and devices that have the extension of an
   * image.
   *
   * @param folder the folder of photos
   * @return the set; its files are read during the review
   * @throws InvalidInputException if {@code folder} is not a folder, cannot be read, or contains no
   *     photo
   */
  public static PhotoSet from(Path folder) {
    Set<Path> regular = Set.copyOf(listFiles(folder));
    return new PhotoSet(
        list(folder, file -> regular.contains(file) || isSpecialPhoto(file)).stream()
            .map(file -> regular.contains(file) ? Photo.of(file) : Photo.ofSpecialFile(file))
            .toList());
  }

  /**
   * Lists the regular files that {@link #from} takes from a folder. Links are left out.
   *
   * @param folder the folder of photos
   * @return the files, sorted by file name; at least one
   * @throws InvalidInputException if {@code folder} is not a folder, cannot be read, or contains no
   *     photo
   */
  public static List<Path> listFiles(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new InvalidInputException(
          folder + " is not a folder; give the folder with the person's photos");
    }
    List<Path> found = list(folder, PhotoSet::isPhotoFile);
    if (found.isEmpty()) {
      throw new InvalidInputException(folder + " contains no photo"
          + (list(folder, PhotoSet::isSpecialPhoto).isEmpty() ? "" : ", only links or pipes")
          + "; put 3 to 20 JPEG, PNG or WebP photos of the person in it");
    }
    return found;
  }

  private static List<Path> list(Path folder, Predicate<Path> filter) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(filter)
          .sorted(Comparator.comparing(file -> file.getFileName().toString()))
          .toList();
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot list the folder " + folder + ": " + e.getMessage(), e);
    }
  }

  /** {@return the photos, in the order of the review; at least one} */
  public List<Photo> photos() {
    return photos;
  }

  private static boolean isPhotoFile(Path file) {
    String name = file.getFileName().toString();
    if (name.startsWith(".") || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return false;
    }
    return PhotoFormat.isPhotoName(name) || hasPhotoSignature(file);
  }

  private static boolean isSpecialPhoto(Path file) {
    String name = file.getFileName().toString();
    return !name.startsWith(".")
        && PhotoFormat.isPhotoName(name)
        && !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean hasPhotoSignature(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return PhotoFormat.of(in.readNBytes(HEADER_BYTES)).isPresent();
    } catch (IOException unreadable) {
      return false;
    }
  }
}
