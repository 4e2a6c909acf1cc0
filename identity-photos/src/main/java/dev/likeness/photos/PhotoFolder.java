package dev.likeness.photos;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.decode.PhotoFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A folder of photos, with the inner folders of kohya's trainer, such as {@code 10_ada}, and the
 * caption files beside the photos. Links are not followed.
 */
final class PhotoFolder {
  private static final int HEADER_BYTES = 32;
  private static final int MOST_REPEATS = 1000;
  /** The most folders that are searched for photos if the given one has none. */
  private static final int MOST_SEARCHED = 1000;

  /** The most files and folders in a folder of photos. */
  private static final int MOST_ENTRIES = 10_000;

  private static final int MOST_LEVELS = 3;
  /** The most names in a notice. */
  private static final int MOST_NAMED = 5;
  /** kohya's folders: repeats and a name for the person. */
  private static final Pattern NAMED_FOLDER = Pattern.compile("(\\d{1,9})_(.*)");

  private final Path folder;
  /** The folder itself, then kohya's folders in it. */
  private final List<Path> folders;

  private PhotoFolder(Path folder, List<Path> folders) {
    this.folder = folder;
    this.folders = folders;
  }

  /**
   * Opens a folder.
   *
   * @throws InvalidInputException if {@code folder} is not a folder or cannot be read
   */
  static PhotoFolder of(Path folder) {
    if (!Files.isDirectory(folder)) {
      throw new InvalidInputException(
          folder + " is not a folder; give the folder with the person's photos");
    }
    List<Path> all = new ArrayList<>(List.of(folder));
    all.addAll(list(folder, inside -> isNamed(inside) && isFolder(inside)));
    return new PhotoFolder(folder, all);
  }

  /**
   * Returns the regular files that are photos, sorted by file name, folder by folder.
   *
   * @throws InvalidInputException if there is none, or more than {@link PhotoSet#MAX_PHOTOS}
   */
  List<Path> files() {
    List<Path> found = folders.stream()
        .flatMap(each -> list(each, PhotoFolder::isPhotoFile).stream())
        .toList();
    if (found.isEmpty()) {
      throw noPhoto();
    }
    if (found.size() > PhotoSet.MAX_PHOTOS) {
      throw new InvalidInputException(folder + " contains " + found.size()
          + " photos, expected 3 to 20, and at most " + PhotoSet.MAX_PHOTOS
          + "; give a folder with the photos of the person alone");
    }
    return found;
  }

  /**
   * Returns all photos, also links and pipes that are called like one.
   *
   * @throws InvalidInputException if there is no regular file, a caption cannot be read, or the
   *     repeats of an inner folder are not in 1..1000
   */
  PhotoSet photos() {
    Found found = find();
    return PhotoSet.of(found.photos(), found.notices());
  }

  /**
   * The photos of a folder.
   *
   * @param files the file of each photo
   */
  record Found(List<Path> files, List<Photo> photos, List<String> notices) {}

  /** Finds the photos; throws the exceptions of {@link #photos}. */
  Found find() {
    Set<Path> regular = Set.copyOf(files());
    List<Path> files = new ArrayList<>();
    List<Photo> all = new ArrayList<>();
    List<String> unused = new ArrayList<>();
    for (Path inside : folders) {
      CaptionFiles captions = new CaptionFiles(list(inside, file -> true));
      List<Path> here = list(inside, file -> regular.contains(file) || isSpecialPhoto(file));
      files.addAll(here);
      here.stream()
          .map(file -> photo(file, regular, captions))
          .map(photo -> inside.equals(folder) ? photo : inNamedFolder(photo, inside))
          .forEach(all::add);
      captions.unused().forEach(file -> unused.add(relativeName(file)));
      captions
          .longer()
          .forEach(file -> unused.add("all but the first line of " + relativeName(file)));
    }
    List<String> notices = new ArrayList<>();
    if (!unused.isEmpty()) {
      notices.add("text beside the photos is not used: " + joined(unused)
          + "; a caption for a.jpg is one line of text in a.txt or a.caption");
    }
    unreadFolders().ifPresent(notices::add);
    return new Found(files, all, notices);
  }

  /** Lists the files beside a photo that have its name with another ending. */
  static List<Path> besides(Path photo) {
    Path folder = photo.toAbsolutePath().getParent();
    String name = photo.getFileName().toString();
    int dot = name.lastIndexOf('.');
    String stem = dot > 0 ? name.substring(0, dot) : name;
    return folder == null
        ? List.of()
        : some(folder, file -> file.getFileName().toString().startsWith(stem + "."));
  }

  private static Photo photo(Path file, Set<Path> regular, CaptionFiles captions) {
    Photo photo = regular.contains(file) ? Photo.of(file) : Photo.ofSpecialFile(file);
    return captions.captionOf(file).map(photo::caption).orElse(photo);
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
    int repeats = Integer.parseInt(said.group(1));
    if (repeats < 1 || repeats > MOST_REPEATS) {
      throw new InvalidInputException("the name of the folder " + Quoted.line(folder.toString())
          + " asks for " + repeats + " repeats of each photo, expected 1 to " + MOST_REPEATS
          + "; rename the folder, such as to " + Quoted.of("10_" + name));
    }
    Photo repeated = photo.named(folder.getFileName() + "/" + photo.name()).repeats(repeats);
    return name.isEmpty()
        ? repeated
        : repeated
            .caption()
            .map(text -> repeated.caption(
                wholeWords(name).matcher(text).replaceAll(Matcher.quoteReplacement("%s"))))
            .orElse(repeated);
  }

  private static Pattern wholeWords(String words) {
    return Pattern.compile(
        "(?iu)(?<![\\p{L}\\p{N}])" + Pattern.quote(words) + "(?![\\p{L}\\p{N}])");
  }

  /** Returns a notice of inner folders whose photos are not read; empty if there is none. */
  private Optional<String> unreadFolders() {
    List<String> unread =
        list(folder, inside -> isFolder(inside) && !isNamed(inside) && holdsPhoto(inside)).stream()
            .map(this::relativeName)
            .toList();
    return unread.isEmpty()
        ? Optional.empty()
        : Optional.of("photos in inner folders are not read: " + joined(unread)
            + "; move them beside the others, or name the folder as 10_NAME");
  }

  private InvalidInputException noPhoto() {
    boolean special = folders.stream()
        .anyMatch(each -> !list(each, PhotoFolder::isSpecialPhoto).isEmpty());
    String given = folder + " contains no photo" + (special ? ", only links or pipes" : "");
    return new InvalidInputException(findInnerFolder()
        .map(inner -> given + ", but the folder " + relativeName(inner) + " in it does; give "
            + Quoted.line((isNamed(inner) ? inner.getParent() : inner).toString()))
        .orElse(given + "; put 3 to 20 JPEG, PNG or WebP photos of the person into this folder"));
  }

  /** Returns the first inner folder that holds photos, level by level. */
  private Optional<Path> findInnerFolder() {
    Deque<Path> next = new ArrayDeque<>(innerFolders(folder));
    for (int searched = 0; searched < MOST_SEARCHED && !next.isEmpty(); searched++) {
      Path inner = next.remove();
      if (holdsPhoto(inner)) {
        return Optional.of(inner);
      }
      if (inner.getNameCount() - folder.getNameCount() < MOST_LEVELS) {
        next.addAll(innerFolders(inner));
      }
    }
    return Optional.empty();
  }

  private static List<Path> innerFolders(Path folder) {
    return Files.isReadable(folder) ? some(folder, PhotoFolder::isFolder) : List.of();
  }

  private static boolean holdsPhoto(Path folder) {
    return Files.isReadable(folder)
        && !some(folder, file -> isVisiblePhotoName(file) && isRegular(file)).isEmpty();
  }

  private String relativeName(Path file) {
    return Quoted.of(folder.relativize(file).toString().replace('\\', '/'));
  }

  private static String joined(List<String> names) {
    int more = names.size() - MOST_NAMED;
    return names.stream().limit(MOST_NAMED).collect(Collectors.joining(", "))
        + (more > 0 ? " and " + more + " more" : "");
  }

  /**
   * Lists a folder of photos.
   *
   * @throws InvalidInputException if it has more than {@link #MOST_ENTRIES} files and folders
   */
  private static List<Path> list(Path folder, Predicate<Path> filter) {
    List<Path> entries = begin(folder, MOST_ENTRIES + 1);
    if (entries.size() > MOST_ENTRIES) {
      throw new InvalidInputException(folder + " contains more than " + MOST_ENTRIES
          + " files; give a folder with the photos of the person alone");
    }
    return matching(entries, filter);
  }

  /** Lists the beginning of a folder in which photos are searched. */
  private static List<Path> some(Path folder, Predicate<Path> filter) {
    return matching(begin(folder, MOST_ENTRIES), filter);
  }

  private static List<Path> matching(List<Path> entries, Predicate<Path> filter) {
    return entries.stream()
        .filter(filter)
        .sorted(Comparator.comparing(file -> file.getFileName().toString()))
        .toList();
  }

  private static List<Path> begin(Path folder, int most) {
    try (Stream<Path> files = Files.list(folder)) {
      return files.limit(most).toList();
    } catch (IOException | UncheckedIOException e) {
      throw new InvalidInputException(
          "cannot list the folder " + folder + ": " + Quoted.reason(e), e);
    }
  }

  private static boolean isNamed(Path folder) {
    return NAMED_FOLDER.matcher(folder.getFileName().toString()).matches();
  }

  /** Returns true for a folder that is neither hidden nor a link. */
  private static boolean isFolder(Path file) {
    return !isHidden(file) && Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean isPhotoFile(Path file) {
    return !isHidden(file)
        && isRegular(file)
        && (isVisiblePhotoName(file) || hasPhotoSignature(file));
  }

  private static boolean isSpecialPhoto(Path file) {
    return isVisiblePhotoName(file)
        && !isRegular(file)
        && !Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean isVisiblePhotoName(Path file) {
    return !isHidden(file) && PhotoFormat.isPhotoName(file.getFileName().toString());
  }

  private static boolean isHidden(Path file) {
    return file.getFileName().toString().startsWith(".");
  }

  private static boolean isRegular(Path file) {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS);
  }

  private static boolean hasPhotoSignature(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      return PhotoFormat.of(in.readNBytes(HEADER_BYTES)).isPresent();
    } catch (IOException unreadable) {
      return false;
    }
  }
}
