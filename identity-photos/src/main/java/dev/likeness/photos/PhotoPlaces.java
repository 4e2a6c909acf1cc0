package dev.likeness.photos;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Photos in files and folders that a user names, in any mixture. */
final class PhotoPlaces {
  private final List<Path> places;

  PhotoPlaces(List<Path> places) {
    this.places = places;
  }

  PhotoSet photos() {
    List<Path> files = new ArrayList<>();
    List<Photo> photos = new ArrayList<>();
    List<String> notices = new ArrayList<>();
    for (Path place : places) {
      if (Files.isDirectory(place)) {
        PhotoFolder.Found found = PhotoFolder.of(place).find();
        files.addAll(found.files());
        photos.addAll(found.photos());
        notices.addAll(found.notices());
      } else if (Files.exists(place)) {
        files.add(place);
        photos.add(photo(place));
      } else {
        throw new InvalidInputException(
            place + " does not exist; give photos of the person, or folders with such photos");
      }
    }
    // The first place of each file, in the order that is given.
    Map<Path, Photo> once = new LinkedHashMap<>();
    for (int i = 0; i < photos.size(); i++) {
      if (once.putIfAbsent(files.get(i).toAbsolutePath().normalize(), photos.get(i)) != null) {
        notices.add(Quoted.line(files.get(i).toString()) + " is given twice; it counts once");
      }
    }
    if (once.isEmpty()) {
      throw new InvalidInputException("no photo was given; give 3 to 20 photos of the person");
    }
    Map<String, Long> names =
        once.values().stream().collect(Collectors.groupingBy(Photo::name, Collectors.counting()));
    return PhotoSet.of(
        once.entrySet().stream()
            .map(entry -> names.get(entry.getValue().name()) > 1
                ? withFolder(entry.getValue(), entry.getKey())
                : entry.getValue())
            .toList(),
        notices);
  }

  private static Photo photo(Path file) {
    Photo photo = Files.isRegularFile(file) ? Photo.of(file) : Photo.ofSpecialFile(file);
    return new CaptionFiles(PhotoFolder.besides(file))
        .captionOf(file)
        .map(photo::caption)
        .orElse(photo);
  }

  private static Photo withFolder(Photo photo, Path file) {
    Path folder = file.getParent();
    return folder == null || folder.getFileName() == null
        ? photo
        : photo.named(folder.getFileName() + "/" + photo.name());
  }
}
