package dev.likeness.photos;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.imagefile.ImageFileReader;
import dev.likeness.photos.decode.PhotoFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Photos of one person, in a fixed order. Never empty. Immutable. */
public final class PhotoSet {
  private static final int HEADER_BYTES = 32;
  private static final int MAX_CAPTION_BYTES = 64 << 10;
  private static final List<String> CAPTIONS = List.of(".txt", ".caption");
  /** kohya's folders: repeats and a name for the person. */
  private static final Pattern NAMED_FOLDER = Pattern.compile("(\\d{1,9})_(.*)");

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
   * Returns a set of photo files in the given order. The files are read during the review.
   *
   * @param files at least one image file
   * @return the set
   * @throws InvalidInputException if no file is given
   */
  public static PhotoSet of(Path... files) {
    return of(Stream.of(files).map(Photo::of).toList());
  }

  /**
   * Returns a set of photo files in the given order. The files are read during the review.
   *
   * @param files at least one image file
   * @return the set
   * @throws InvalidInputException if the collection is empty
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
   * as photos outside such folders. The caption of {@code a.jpg} is the first line of the file
   * {@code a.txt} or {@code a.caption} beside it. In the captions of {@code 10_ada}, the word
   * {@code ada} stands for the person.
   *
   * @param folder the folder of photos
   * @return the set; its photos are read during the review
   * @throws InvalidInputException if {@code folder} is not a folder, cannot be read, or contains no
   *     photo; if a caption file is longer than 64 KiB or not UTF-8; or if {@code REPEATS} of a
   *     folder is not in 1..1000
   */
  public static PhotoSet from(Path folder) {
    Set<Path> regular = Set.copyOf(listFiles(folder));
    List<Photo> all = new ArrayList<>();
    for (Path inside : withNamedFolders(folder)) {
      list(inside, file -> regular.contains(file) || isSpecialPhoto(file)).stream()
          .map(file -> inside.equals(folder)
              ? photo(file, regular)
              : inNamedFolder(photo(file, regular), inside))
          .forEach(all::add);
    }
    return new PhotoSet(all);
  }

  private static Photo photo(Path file, Set<Path> regular) {
    Photo photo = regular.contains(file) ? Photo.of(file) : Photo.ofSpecialFile(file);
    return captionOf(file).map(photo::caption).orElse(photo);
  }

  /**
   * A photo of one of kohya's folders, with the folder's repeats, its name in captions replaced.
   */
  private static Photo inNamedFolder(Photo photo, Path folder) {
    Matcher said = NAMED_FOLDER.matcher(folder.getFileName().toString());
    if (!said.matches()) {
      return photo;
    }
    String name = said.group(2).strip();
    try {
      Photo repeated = photo
          .named(folder.getFileName() + "/" + photo.name())
          .repeats(Integer.parseInt(said.group(1)));
      return name.isEmpty()
          ? repeated
          : repeated
              .caption()
              .map(text -> repeated.caption(
                  wholeWords(name).matcher(text).replaceAll(Matcher.quoteReplacement("%s"))))
              .orElse(repeated);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(
          "the folder " + folder + " needs a name such as 10_ada: " + e.getMessage(), e);
    }
  }

  private static Pattern wholeWords(String words) {
    return Pattern.compile(
        "(?iu)(?<![\\p{L}\\p{N}])" + Pattern.quote(words) + "(?![\\p{L}\\p{N}])");
  }

  /** The first line of the text beside a photo; empty if there is none, or it is blank. */
  private static Optional<String> captionOf(Path photo) {
    String name = photo.getFileName().toString();
    String stem = name.contains(".") ? name.substring(0, name.lastIndexOf('.')) : name;
    return CAPTIONS.stream()
        .map(ending -> photo.resolveSibling(stem + ending))
        .filter(file -> Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS))
        .filter(file -> !file.equals(photo))
        .findFirst()
        .flatMap(PhotoSet::readCaption);
  }

  private static Optional<String> readCaption(Path file) {
    try {
      byte[] bytes = ImageFileReader.readBytes(file, MAX_CAPTION_BYTES);
      if (bytes.length > MAX_CAPTION_BYTES) {
        throw new InvalidInputException(
            "the caption file " + file + " is longer than 64 KiB; give one line of text");
      }
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes))
          .toString()
          .replace("\uFEFF", "")
          .lines()
          .findFirst()
          .map(line -> line.replaceAll("\\p{Cntrl}", " ").strip())
          .filter(line -> !line.isEmpty());
    } catch (CharacterCodingException e) {
      throw new InvalidInputException(
          "the caption file " + file + " is not UTF-8 text; save it as UTF-8", e);
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot read the caption file " + file + ": " + Quoted.reason(e), e);
    }
  }

  /**
   * Lists the regular files that {@link #from} accepts as photos of a folder. Links are left out.
   *
   * @param folder the folder of photos
   * @return the files, sorted by file name, followed by the files of inner folders such as
   *     {@code 10_ada}; at least one
   * @throws InvalidInputException if {@code folder} is not a folder, cannot be read, or contains no
   *     photo
   */
  public static List<Path> listFiles(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new InvalidInputException(
          folder + " is not a folder; give the folder with the person's photos");
    }
    List<Path> folders = withNamedFolders(folder);
    List<Path> found = folders.stream()
        .flatMap(each -> list(each, PhotoSet::isPhotoFile).stream())
        .toList();
    if (found.isEmpty()) {
      boolean special = folders.stream()
          .anyMatch(each -> !list(each, PhotoSet::isSpecialPhoto).isEmpty());
      throw new InvalidInputException(folder + " contains no photo"
          + (special ? ", only links or pipes" : "")
          + "; put 3 to 20 JPEG, PNG or WebP photos of the person into this folder");
    }
    return found;
  }

  /** The folder itself, then kohya's folders in it. */
  private static List<Path> withNamedFolders(Path folder) {
    List<Path> all = new ArrayList<>(List.of(folder));
    all.addAll(list(
        folder,
        inside -> NAMED_FOLDER.matcher(inside.getFileName().toString()).matches()
            && Files.isDirectory(inside, LinkOption.NOFOLLOW_LINKS)));
    return all;
  }

  private static List<Path> list(Path folder, Predicate<Path> filter) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(filter)
          .sorted(Comparator.comparing(file -> file.getFileName().toString()))
          .toList();
    } catch (IOException | UncheckedIOException e) {
      throw new InvalidInputException(
          "cannot list the folder " + folder + ": " + Quoted.reason(e), e);
    }
  }

  /**
   * {@return the photos, in the order in which a {@link PhotoReview} reports them; at least one}
   */
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
