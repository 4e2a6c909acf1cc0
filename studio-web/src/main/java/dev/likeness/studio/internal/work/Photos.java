package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.Sha256;
import dev.likeness.photos.NoUsablePhotoException;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.PhotoVerdict;
import dev.likeness.photos.ReviewOptions;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.SetVerdict;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.DecodedPhoto;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.vault.DataCategory;
import dev.likeness.vault.Subject;
import dev.likeness.vault.SubjectStudio;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/** The photos of people, with the verdict on each and on the set. */
public final class Photos {
  /** The largest number of photos of one person. */
  public static final int MAX_PHOTOS = 60;

  private static final int THUMBNAIL = 480;
  static final DecodeLimits LIMITS = DecodeLimits.DEFAULT.withoutPrograms();

  private final Studio studio;
  private final Optional<Predicate<byte[]>> samples;

  /** The last review of each person's photos, by what was reviewed. */
  private final Map<String, Reviewed> reviews = new ConcurrentHashMap<>();

  private final Map<String, Object> locks = new ConcurrentHashMap<>();

  private record Reviewed(String content, Map<String, Object> result) {}

  Photos(Studio studio, Optional<Predicate<byte[]>> samples) {
    this.studio = studio;
    this.samples = samples;
  }

  /** Returns true if photos of a sample person can be added. */
  public boolean hasSamples() {
    return samples.isPresent();
  }

  /** Returns the largest size of a photo's file in bytes. */
  public static long maxBytes() {
    return LIMITS.maxBytes();
  }

  /**
   * Adds a photo, unless it cannot be read, and returns the verdict on it.
   *
   * @param name the name of the file; it never becomes a path
   */
  public Map<String, Object> add(String person, String name, byte[] file) {
    Subject subject = studio.people().subject(person);
    if (subject.consent().isSynthetic()
        && samples.filter(known -> known.test(file)).isEmpty()) {
      throw new InvalidInputException("this photo is not one of the sample photos; add a person"
          + " with consent for photos of a real person");
    }
    if (subject.counts().getOrDefault(DataCategory.PHOTOS, 0) >= MAX_PHOTOS) {
      throw new InvalidInputException("this person has " + MAX_PHOTOS
          + " photos, which is the limit; remove photos before you add more");
    }
    // Refuses what is no photo, or too large once decoded, before anything is stored.
    new PhotoDecoder(LIMITS).decode("the photo", file);
    Workshop workshop = studio.workshop();
    SubjectStudio.on(workshop.base(), workshop.studio()).add(subject, shortened(name), file);
    String stored = newest(subject, file);
    Map<String, Object> verdict =
        review(List.of(Photo.of(stored, file)), workshop.tools().withoutEmbedder())
            .photos()
            .stream()
            .findFirst()
            .map(found -> describe(found, file))
            .orElseThrow();
    studio.publish("photos-" + person, Map.of("type", "photos", "person", person));
    return verdict;
  }

  /**
   * Returns a name of a file without the characters that a path or a list of files gives a meaning.
   */
  static String shortened(String name) {
    String plain = name.replaceAll("[\\p{Cc}\\p{Cf}\\p{Cs}<>:\"|?*/\\\\]", "_");
    return plain.isBlank() ? "photo" : plain;
  }

  private static String newest(Subject subject, byte[] file) {
    for (Path path : files(subject)) {
      try {
        if (Files.size(path) == file.length
            && java.util.Arrays.equals(Files.readAllBytes(path), file)) {
          return path.getFileName().toString();
        }
      } catch (IOException e) {
        throw JobFile.unreadable(e);
      }
    }
    throw new UnknownResourceException("the photo was removed while it was added; add it again");
  }

  /** Reviews photos; a set without any usable photo has a review too. */
  private static PhotoReview review(List<Photo> photos, ReviewTools tools) {
    try {
      return PhotoReview.of(
          PhotoSet.of(photos), tools, ReviewOptions.defaults().withDecodeLimits(LIMITS));
    } catch (NoUsablePhotoException none) {
      return none.review().orElseThrow(() -> none);
    }
  }

  /** Returns the review of all photos of a person. */
  public Map<String, Object> review(String person) {
    // One review of a person at a time: the others then find its result.
    synchronized (locks.computeIfAbsent(person, id -> new Object())) {
      return reviewAlone(person);
    }
  }

  private Map<String, Object> reviewAlone(String person) {
    Subject subject = studio.people().subject(person);
    List<Path> files = files(subject);
    Map<String, byte[]> content = new LinkedHashMap<>();
    StringBuilder key = new StringBuilder();
    try {
      for (Path file : files) {
        key.append(file.getFileName()).append('/').append(Files.size(file)).append('\n');
      }
      Reviewed known = reviews.get(person);
      if (known != null && known.content.contentEquals(key)) {
        return known.result;
      }
      for (Path file : files) {
        content.put(file.getFileName().toString(), Files.readAllBytes(file));
      }
    } catch (IOException e) {
      throw JobFile.unreadable(e);
    }
    Map<String, Object> result = content.isEmpty() ? empty() : describe(content);
    reviews.put(person, new Reviewed(key.toString(), result));
    return result;
  }

  private static Map<String, Object> empty() {
    return Map.of(
        "photos",
        List.of(),
        "accepted",
        0,
        "advice",
        List.of(),
        "unclear",
        false,
        "compared",
        false,
        "recommended",
        SetVerdict.RECOMMENDED_PHOTOS,
        "minimum",
        SetVerdict.MIN_PHOTOS);
  }

  private Map<String, Object> describe(Map<String, byte[]> content) {
    List<Photo> photos = new ArrayList<>();
    content.forEach((name, bytes) -> photos.add(Photo.of(name, bytes)));
    PhotoReview review = review(photos, studio.workshop().tools());
    Map<String, Object> result = new LinkedHashMap<>();
    result.put(
        "photos",
        review.photos().stream()
            .map(verdict -> describe(verdict, content.get(verdict.name())))
            .toList());
    result.put("accepted", review.accepted().size());
    result.put("advice", review.set().advice());
    result.put("tool_advice", review.set().toolAdvice());
    result.put("readiness", review.set().readiness());
    result.put("unclear", review.isPersonUnclear());
    result.put("compared", review.isIdentityCompared());
    result.put("recommended", SetVerdict.RECOMMENDED_PHOTOS);
    result.put("minimum", SetVerdict.MIN_PHOTOS);
    return result;
  }

  private static Map<String, Object> describe(PhotoVerdict verdict, byte[] file) {
    Map<String, Object> photo = new LinkedHashMap<>();
    photo.put("id", id(verdict.name()));
    photo.put("name", verdict.name());
    photo.put("verdict", verdict.verdict().id());
    photo.put(
        "reasons",
        verdict.reasons().stream()
            .map(reason -> Map.of(
                "code", reason.code().id(),
                "severity", reason.severity().id(),
                "message", reason.message()))
            .toList());
    photo.put("faces", boxes(verdict, file));
    return photo;
  }

  /** Returns the boxes of faces as shares of the shown image's sides. */
  private static List<Map<String, Double>> boxes(PhotoVerdict verdict, byte[] file) {
    boolean isTurned =
        verdict.reasons().stream().map(Reason::code).anyMatch(ReasonCode.ROTATED::equals);
    if (verdict.faces().isEmpty() || isTurned) {
      return List.of();
    }
    RgbImage image = new PhotoDecoder(LIMITS).decode(verdict.name(), file).image();
    return verdict.faces().stream().map(Face::box).map(box -> share(box, image)).toList();
  }

  private static Map<String, Double> share(BoundingBox box, RgbImage image) {
    Map<String, Double> share = new LinkedHashMap<>();
    share.put("x", box.x() / image.width());
    share.put("y", box.y() / image.height());
    share.put("width", box.width() / image.width());
    share.put("height", box.height() / image.height());
    return share;
  }

  /** Returns a small PNG image of a photo. */
  public byte[] thumbnail(String person, String photo) {
    try {
      Path file = file(studio.people().subject(person), photo);
      DecodedPhoto decoded = new PhotoDecoder(LIMITS.withMaxLongSide(THUMBNAIL))
          .decode("the photo", Files.readAllBytes(file));
      return decoded.image().toPng();
    } catch (IOException e) {
      throw JobFile.unreadable(e);
    }
  }

  /** Removes a photo. */
  public void remove(String person, String photo) {
    Subject subject = studio.people().subject(person);
    if (studio.trainings().isBusy(subject)) {
      throw new IllegalStateException("the photos are in use; pause the training first");
    }
    try {
      Files.deleteIfExists(file(subject, photo));
    } catch (IOException e) {
      throw JobFile.unreadable(e);
    }
    studio.publish("photos-" + person, Map.of("type", "photos", "person", person));
  }

  /** Returns the file name of the photo with an id. */
  String name(Subject subject, String photo) {
    return file(subject, photo).getFileName().toString();
  }

  void forget(Subject subject) {
    reviews.remove(subject.id());
  }

  private static Path file(Subject subject, String photo) {
    return files(subject).stream()
        .filter(path -> id(path.getFileName().toString()).equals(photo))
        .findFirst()
        .orElseThrow(() -> new UnknownResourceException(
            "there is no such photo; it may have been removed: reload the page"));
  }

  static List<Path> files(Subject subject) {
    return subject.counts().getOrDefault(DataCategory.PHOTOS, 0) == 0
        ? List.of()
        : JobFile.list(subject.peek(DataCategory.PHOTOS), "[^.].*");
  }

  /** Returns the id of a photo: 32 digits that no file name can escape from. */
  static String id(String name) {
    byte[] digest = Sha256.of(name.getBytes(StandardCharsets.UTF_8));
    return HexFormat.of().formatHex(digest).substring(0, 32);
  }
}
