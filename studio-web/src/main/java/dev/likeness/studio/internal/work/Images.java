package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The headshots in the store, with their versions and what the user keeps and drops. */
public final class Images {
  private static final String CHOICES = "studio-choices.json";
  private static final Pattern IMAGE = Pattern.compile("headshot-([0-9]{3,6})\\.png");

  private final Studio studio;

  Images(Studio studio) {
    this.studio = studio;
  }

  /** A stored image. */
  record Stored(int number, Path file, String style, long seed) {}

  /** Returns all stored images of a person that a record describes, by number. */
  static List<Stored> of(Subject subject) {
    List<Stored> images = new ArrayList<>();
    JobFile.readAll(subject, DataCategory.IMAGES, "record(-[0-9]+)?\\.json").values().stream()
        .map(record -> record.get("headshots"))
        .filter(List.class::isInstance)
        .flatMap(list -> ((List<?>) list).stream())
        .filter(Map.class::isInstance)
        .map(entry -> (Map<?, ?>) entry)
        .forEach(entry -> stored(subject, entry).ifPresent(images::add));
    images.sort(Comparator.comparingInt(Stored::number));
    return images;
  }

  private static Optional<Stored> stored(Subject subject, Map<?, ?> entry) {
    Matcher name = IMAGE.matcher(String.valueOf(entry.get("file")));
    if (!name.matches() || !(entry.get("seed") instanceof Number seed)) {
      return Optional.empty();
    }
    Path file = subject.peek(DataCategory.IMAGES).resolve(name.group());
    return Files.exists(file)
        ? Optional.of(new Stored(
            Integer.parseInt(name.group(1)),
            file,
            String.valueOf(entry.get("style")),
            seed.longValue()))
        : Optional.empty();
  }

  static int count(Subject subject) {
    return subject.counts().getOrDefault(DataCategory.IMAGES, 0) == 0
        ? 0
        : JobFile.list(subject.peek(DataCategory.IMAGES), IMAGE.pattern()).size();
  }

  /** Returns the newest version of an image of this person, never of another one. */
  public byte[] image(String person, int number) {
    Subject subject = studio.people().subject(person);
    original(subject, number);
    return image(person, number, Edits.count(subject, number));
  }

  /** Returns a version of an image; 0 is the image as it was generated. */
  public byte[] image(String person, int number, int version) {
    Subject subject = studio.people().subject(person);
    Path original = original(subject, number);
    try {
      return Files.readAllBytes(
          version == 0 ? original : Edits.versionPath(subject, number, version));
    } catch (IOException e) {
      throw JobFile.unreadable(e);
    }
  }

  /** Returns true if the newest version of an image was edited. */
  boolean isEdited(String person, int number) {
    return Edits.count(studio.people().subject(person), number) > 0;
  }

  RgbImage pixels(String person, int number) {
    return RgbImage.read("the image", image(person, number));
  }

  /** Returns the file of an image as it was generated. */
  static Path original(Subject subject, int number) {
    if (subject.counts().getOrDefault(DataCategory.IMAGES, 0) > 0) {
      Path file = subject.folder(DataCategory.IMAGES).resolve(Headshot.fileName(number - 1));
      if (Files.exists(file)) {
        return file;
      }
    }
    throw new UnknownResourceException("this person has no image " + number);
  }

  /**
   * Reads an image as it was generated, with the settings that made it.
   *
   * @param file the file of {@link #original}
   */
  static Headshot recorded(Path file, int number) {
    return Headshot.findRecorded(file)
        .orElseThrow(
            () -> new UnknownResourceException(ShootRecord.FILE + " has no settings of image "
                + number + ", so it can only be looked at and exported; generate it again"));
  }

  /** Returns the choices of the user, by the numbers of the images. */
  static Map<Integer, String> choices(Subject subject) {
    Map<Integer, String> choices = new LinkedHashMap<>();
    JobFile.read(subject, DataCategory.IMAGES, CHOICES)
        .ifPresent(saved -> saved.forEach((number, choice) -> {
          if (number.matches("[0-9]{1,6}")) {
            choices.put(Integer.valueOf(number), String.valueOf(choice));
          }
        }));
    return choices;
  }

  /** Records that an image is kept or dropped; {@code none} takes the choice back. */
  public synchronized void choose(String person, int number, String choice) {
    if (!choice.matches("keep|drop|none")) {
      throw new IllegalArgumentException("unknown choice; known: keep, drop, none");
    }
    Subject subject = studio.people().subject(person);
    original(subject, number);
    Map<String, Object> saved = new LinkedHashMap<>();
    choices(subject).forEach((key, value) -> saved.put(key.toString(), value));
    saved.remove(Integer.toString(number));
    if (!choice.equals("none")) {
      saved.put(Integer.toString(number), choice);
    }
    JobFile.write(subject, DataCategory.IMAGES, CHOICES, saved);
  }
}
