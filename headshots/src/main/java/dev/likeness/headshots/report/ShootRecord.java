package dev.likeness.headshots.report;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferencePerson;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoVerdict;
import dev.likeness.photos.quality.Reason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * How headshots, or images of no shoot, came about, as JSON: versions, settings, seeds, prompts,
 * timings, and which photos were used or set aside and why. It names photos and a person's words,
 * so it is as private as the photos are. Immutable.
 */
public final class ShootRecord {
  /** What its file is called. */
  public static final String FILE = "record.json";

  private final Map<String, Object> content;
  private final int firstIndex;

  private ShootRecord(Map<String, Object> content, int first) {
    this.content = content;
    this.firstIndex = first;
  }

  /** The record of a shoot; the headshots are called {@code headshot-001.png} and so on. */
  public static ShootRecord of(BaseModel base, TrainedPerson person, Shoot shoot) {
    return of(base, person, shoot, 0);
  }

  /** The same of headshots that are called by the numbers after {@code firstIndex} others'. */
  public static ShootRecord of(BaseModel base, TrainedPerson person, Shoot shoot, int first) {
    return of(base, person(person), shoot, first);
  }

  /** The record of a shoot with reference images. */
  public static ShootRecord of(BaseModel base, ReferencePerson person, Shoot shoot) {
    Map<String, Object> object =
        person.trainedPerson() == null ? new LinkedHashMap<>() : person(person.trainedPerson());
    object.put("phrase", person.phrase());
    object.putIfAbsent("profile", person.profile().asList());
    person.consent().ifPresent(consent -> object.put("consent", consent.text()));
    object.put("ip_adapter", person.adapterName());
    object.put("references", person.imagePrompt().references().count());
    return of(base, object, shoot, 0);
  }

  private static ShootRecord of(
      BaseModel base, Map<String, Object> person, Shoot shoot, int first) {
    Map<String, Object> content = header(base);
    content.put("person", person);
    content.put("scheduler", base.scheduler().className());
    content.put("eta", base.eta(ImageRequest.of("")));
    List<Headshot> headshots = shoot.headshots();
    content.put(
        "headshots",
        IntStream.range(0, headshots.size())
            .mapToObj(i -> headshots.get(i).toMap(Headshot.fileName(first + i)))
            .toList());
    return new ShootRecord(content, first);
  }

  /** The record of single images: the common request, and the details of each image. */
  public static ShootRecord ofImages(
      BaseModel base, Map<String, ?> options, List<Map<String, Object>> images) {
    Map<String, Object> content = header(base);
    content.put("options", options);
    content.put("images", images);
    return new ShootRecord(content, 0);
  }

  private static Map<String, Object> header(BaseModel base) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("likeness", LikenessVersion.current());
    content.put("created", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    content.put("java", Runtime.version().toString());
    content.put("base", base.name());
    content.put("compute", base.compute().toString());
    return content;
  }

  /** The same record with what became of each photo. */
  public ShootRecord photos(PhotoReview review) {
    return with("photos", review.photos().stream().map(ShootRecord::photo).toList());
  }

  /**
   * The same record with what each headshot departs from the photos in, in their order; see
   * {@link dev.likeness.headshots.person.Authenticity}.
   */
  public ShootRecord authenticity(List<Authenticity.Result> verdicts) {
    return with(
        "authenticity",
        IntStream.range(0, verdicts.size())
            .mapToObj(i -> verdicts.get(i).toMap(Headshot.fileName(firstIndex + i)))
            .toList());
  }

  /** The same record with what became of each image that was drawn, kept or not. */
  public ShootRecord selection(List<Map<String, Object>> verdicts) {
    return with("selection", verdicts);
  }

  /**
   * The same record with whether drawn faces were held to the person's; see
   * {@link dev.likeness.headshots.HeadshotStudio#faceGuidance}.
   */
  public ShootRecord faceGuidance(boolean held) {
    return with("face_guidance", held);
  }

  /** The same record with how long the parts of the work took. */
  public ShootRecord timings(Map<String, Duration> parts) {
    Map<String, Object> seconds = new LinkedHashMap<>();
    parts.forEach((name, time) -> seconds.put(name, time.toMillis() / 1000.0));
    return with("seconds", seconds);
  }

  /** The record as one JSON object. */
  public String toJson() {
    try {
      return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Writes a JSON file, whole or not at all; a new one is readable by its owner alone. */
  public void write(Path file) {
    AtomicFile.writePrivate(
        file, out -> out.write((toJson() + "\n").getBytes(StandardCharsets.UTF_8)));
  }

  private ShootRecord with(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(content);
    more.put(name, value);
    return new ShootRecord(more, firstIndex);
  }

  private static Map<String, Object> person(TrainedPerson person) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("phrase", person.phrase());
    object.put("profile", PersonRecord.of(person).profile().asList());
    person.consent().ifPresent(consent -> {
      object.put("consent", consent.text());
      object.put("consent_given", consent.givenAt().toString());
      object.put(
          "purposes", consent.purposes().stream().sorted().map(Purpose::id).toList());
    });
    object.put("trained_on", person.baseName());
    object.put("recipe", person.recipe());
    return object;
  }

  private static Map<String, Object> photo(PhotoVerdict photo) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("file", photo.name());
    object.put("verdict", photo.verdict().id());
    object.put("reasons", photo.reasons().stream().map(Reason::message).toList());
    return object;
  }
}
