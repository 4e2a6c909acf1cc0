package dev.likeness.photos;

import dev.likeness.diffusion.error.InvalidInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/** Photos of one person, in a fixed order. Never empty. Immutable. */
public final class PhotoSet {
  /** The most photos of a set. More than 20 improve nothing, and every photo takes time. */
  static final int MAX_PHOTOS = 1000;

  private final List<Photo> photos;
  private final List<String> notices;

  private PhotoSet(List<Photo> photos, List<String> notices) {
    this.photos = photos;
    this.notices = notices;
  }

  /**
   * Returns a set of photos in the given order.
   *
   * @param photos 1 to 1,000 photos
   * @return the set
   * @throws InvalidInputException if the list is empty or has more than 1,000 photos
   */
  public static PhotoSet of(List<Photo> photos) {
    if (photos.isEmpty()) {
      throw new InvalidInputException("no photo was given; give 3 to 20 photos of the person");
    }
    return of(photos, List.of());
  }

  /** Returns a set of at least one photo, with its notices. */
  static PhotoSet of(List<Photo> photos, List<String> notices) {
    if (photos.size() > MAX_PHOTOS) {
      throw new InvalidInputException(photos.size() + " photos were given, expected 3 to 20, and at"
          + " most " + MAX_PHOTOS + "; leave out photos");
    }
    return new PhotoSet(List.copyOf(photos), List.copyOf(notices));
  }

  /**
   * Returns a set of photo files in the given order. The files are read during the review.
   *
   * @param files 1 to 1,000 image files
   * @return the set
   * @throws InvalidInputException if no file is given, or more than 1,000
   */
  public static PhotoSet of(Path... files) {
    return of(Stream.of(files).map(Photo::of).toList());
  }

  /**
   * Returns a set of photo files in the given order. The files are read during the review.
   *
   * @param files 1 to 1,000 image files
   * @return the set
   * @throws InvalidInputException if the collection is empty or has more than 1,000 files
   */
  public static PhotoSet ofFiles(Collection<Path> files) {
    return of(files.stream().map(Photo::of).toList());
  }

  /**
   * Returns the photos of a folder, sorted by file name. A file counts as a photo if its extension
   * or its first bytes are those of an image. Hidden files are ignored. Links are not followed. A
   * {@link PhotoReview} rejects links, pipes and devices that have the extension of an image.
   *
   * <p>As in kohya's trainer, the folder may contain folders called {@code REPEATS_NAME}, such as
   * {@code 10_ada}, with more photos. Training uses the photos in {@code 10_ada} 10 times as often
   * as photos outside such folders. The caption of {@code a.jpg} is the first line with text of the
   * file {@code a.txt} or {@code a.caption} beside it; endings may have capital letters. In the
   * captions of {@code 10_ada}, the word {@code ada} stands for the person. {@link #notices} has
   * what is not used.
   *
   * @param folder the folder of photos
   * @return the set; its photos are read during the review
   * @throws InvalidInputException if {@code folder} is not a folder, cannot be read, or contains no
   *     photo; if a caption file is longer than 64 KiB or not UTF-8; or if {@code REPEATS} of a
   *     folder is not in 1..1000
   */
  public static PhotoSet from(Path folder) {
    return PhotoFolder.of(folder).photos();
  }

  /**
   * Returns the photos of files and folders, in any mixture and in the given order. A folder adds
   * its photos as {@link #from(Path)} does; a file adds one photo, with the caption beside it. A
   * photo that is given twice counts once. If two files have the same name, the names of both
   * photos begin with their folder.
   *
   * @param places files and folders, at least one
   * @return the set; its photos are read during the review
   * @throws InvalidInputException if there is none, if one does not exist, if a folder or caption
   *     is refused as by {@link #from(Path)}, or if there are more than 1,000 photos
   */
  public static PhotoSet from(List<Path> places) {
    return places.size() == 1 && Files.isDirectory(places.get(0))
        ? from(places.get(0))
        : new PhotoPlaces(places).photos();
  }

  /**
   * Lists the regular files that {@link #from(Path)} accepts as photos of a folder. Links are left
   * out.
   *
   * @param folder the folder of photos
   * @return the files, sorted by file name, followed by the files of inner folders such as
   *     {@code 10_ada}; at least one
   * @throws InvalidInputException if {@code folder} is not a folder, cannot be read, or contains no
   *     photo
   */
  public static List<Path> listFiles(Path folder) {
    return PhotoFolder.of(folder).files();
  }

  /**
   * {@return the photos, in the order in which a {@link PhotoReview} reports them; at least one}
   */
  public List<Photo> photos() {
    return photos;
  }

  /**
   * {@return sentences about the content of the folder that is not used: text files that give no
   * caption, and inner folders with photos} Empty if the set is not of a folder.
   */
  public List<String> notices() {
    return notices;
  }
}
