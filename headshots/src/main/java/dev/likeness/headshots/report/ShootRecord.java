package dev.likeness.headshots.report;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.PhotoPerson;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoVerdict;
import dev.likeness.photos.quality.Reason;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * The record of a generation as JSON: warnings, versions, settings, seeds, prompts, timings, and
 * the verdict on each photo. It contains names of photos and words about the person, so it is as
 * private as the photos. Immutable.
 */
public final class ShootRecord {
  /** Name of the record's file. */
  public static final String FILE = "record.json";

  private final Map<String, Object> content;
  private final int firstIndex;

  private ShootRecord(Map<String, Object> content, int firstIndex) {
    this.content = content;
    this.firstIndex = firstIndex;
  }

  /**
   * The record of a shoot with a trained person. The headshots are named {@code headshot-001.png}
   * and so on.
   *
   * @param base the base model
   * @param person the trained person
   * @param shoot the headshots
   * @return the record
   */
  public static ShootRecord of(BaseModel base, LoraPerson person, Shoot shoot) {
    return of(base, person, shoot, 0);
  }

  /**
   * The record of a later shoot with a trained person. The numbers in the file names of its
   * headshots continue the numbers of the earlier shoots.
   *
   * @param base the base model
   * @param person the trained person
   * @param shoot the headshots
   * @param first the number of headshots of earlier shoots; if it is 4, the first file name is
   *     {@code headshot-005.png}
   * @return the record
   */
  public static ShootRecord of(BaseModel base, LoraPerson person, Shoot shoot, int first) {
    return of(base, ShootSummary.warnings(base, person), person(person), shoot, first);
  }

  /**
   * The record of a shoot with a person given by reference images.
   *
   * @param base the base model
   * @param person the person
   * @param shoot the headshots
   * @return the record
   */
  public static ShootRecord of(BaseModel base, IpAdapterPerson person, Shoot shoot) {
    return of(base, person, shoot, 0);
  }

  /**
   * The record of a later shoot with a person given by reference images.
   *
   * @param base the base model
   * @param person the person
   * @param shoot the headshots
   * @param first the number of headshots of earlier shoots; if it is 4, the first file name is
   *     {@code headshot-005.png}
   * @return the record
   */
  public static ShootRecord of(BaseModel base, IpAdapterPerson person, Shoot shoot, int first) {
    Map<String, Object> object =
        person.loraPerson().map(ShootRecord::person).orElseGet(LinkedHashMap::new);
    object.put("phrase", person.phrase());
    object.putIfAbsent("profile", person.profile().asList());
    person.consent().ifPresent(consent -> putConsent(object, consent));
    object.put("ip_adapter", person.adapterName());
    object.put("references", person.imagePrompt().references().count());
    return of(base, ShootSummary.warnings(base, person), object, shoot, first);
  }

  /**
   * The record of a shoot with one or several persons given by images, for a base that edits
   * images.
   *
   * @param base the base model
   * @param person an {@link ReferenceImagesPerson} or an {@link ReferenceImagesPerson.Group}
   * @param shoot the headshots
   * @param first the number of headshots of earlier shoots; if it is 4, the first file name is
   *     {@code headshot-005.png}
   * @return the record
   * @throws IllegalArgumentException if the person is of another kind
   */
  public static ShootRecord ofReferenceImagesPerson(
      BaseModel base, Identity person, Shoot shoot, int first) {
    List<String> warnings = ShootSummary.warnings(base, person);
    List<ReferenceImagesPerson> people = PhotoPerson.of(person).people();
    if (people.isEmpty()) {
      throw new IllegalArgumentException(
          "expected an ReferenceImagesPerson or an ReferenceImagesPerson.Group, got " + person);
    }
    if (people.size() == 1) {
      return of(base, warnings, person(people.get(0)), shoot, first);
    }
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("phrase", person.phrase());
    object.put("people", people.stream().map(ShootRecord::person).toList());
    return of(base, warnings, object, shoot, first);
  }

  private static Map<String, Object> person(ReferenceImagesPerson person) {
    Map<String, Object> object =
        person.loraPerson().map(ShootRecord::person).orElseGet(LinkedHashMap::new);
    object.put("phrase", person.phrase());
    object.putIfAbsent("profile", person.record().profile().asList());
    person.consent().ifPresent(consent -> putConsent(object, consent));
    object.put("reference_images", person.images().size());
    return object;
  }

  private static ShootRecord of(
      BaseModel base, List<String> warnings, Map<String, Object> person, Shoot shoot, int first) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("warnings", warnings);
    content.putAll(header(base));
    content.put("person", person);
    content.put("scheduler", base.scheduler().className());
    base.eta(ImageRequest.of("")).ifPresent(eta -> content.put("eta", eta));
    List<Headshot> headshots = shoot.headshots();
    content.put(
        "headshots",
        IntStream.range(0, headshots.size())
            .mapToObj(i -> headshots.get(i).toMap(Headshot.fileName(first + i)))
            .toList());
    return new ShootRecord(content, first);
  }

  /**
   * The record of single images that belong to no shoot.
   *
   * @param base the base model
   * @param options the options that all images share
   * @param images the details of each image
   * @return the record
   */
  public static ShootRecord ofImages(
      BaseModel base, Map<String, ?> options, List<Map<String, Object>> images) {
    Map<String, Object> content = header(base);
    content.put("options", options);
    content.put("images", images);
    return new ShootRecord(content, 0);
  }

  private static Map<String, Object> header(BaseModel base) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("likeness_version", LikenessVersion.current());
    content.put("created", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    content.put("java", Runtime.version().toString());
    content.put("base", base.name());
    content.put("compute", base.compute().toString());
    return content;
  }

  /**
   * The same record with a summary of the shoot. The warnings come first. The training of the
   * person, the measurement of likeness, and the verdict on each reviewed photo follow.
   *
   * @param made the summary
   * @return the new record
   */
  public ShootRecord summary(ShootSummary made) {
    ShootRecord record = with("warnings", made.warnings())
        .with("source", made.source())
        .with("likeness_check", made.likeness());
    return made.review().map(record::photos).orElse(record);
  }

  /**
   * The same record with the verdict on each photo, and the face embedder that compared the photos.
   *
   * @param review the reviewed photos
   * @return the new record
   */
  public ShootRecord photos(PhotoReview review) {
    return with("photos", review.photos().stream().map(ShootRecord::photo).toList())
        .with("photos_compared_by", review.comparedBy().orElse(null));
  }

  /**
   * The same record with the results of {@link dev.likeness.headshots.person.Authenticity}.
   *
   * @param verdicts one result for each headshot, in their order
   * @return the new record
   */
  public ShootRecord authenticity(List<Authenticity.Result> verdicts) {
    return with(
        "authenticity",
        IntStream.range(0, verdicts.size())
            .mapToObj(i -> verdicts.get(i).toMap(Headshot.fileName(firstIndex + i)))
            .toList());
  }

  /**
   * The same record with the likeness that an adapter's own face embedder measures. The adapter
   * makes images that this embedder finds alike.
   *
   * @param own mean cosine of headshots and photos by the adapter's own face embedder, from -1 to 1
   * @return the new record
   */
  public ShootRecord adapterLikeness(double own) {
    return with("adapter_likeness", Map.of("adapter", round(own)));
  }

  /**
   * The same record with the likeness that an adapter's own face embedder and an independent one
   * measure. A large gap means that others see less of the person in the images than the adapter.
   *
   * @param own mean cosine of headshots and photos by the adapter's own face embedder, from -1 to 1
   * @param independent mean cosine by another face embedder, from -1 to 1
   * @return the new record
   */
  public ShootRecord adapterLikeness(double own, double independent) {
    Map<String, Object> measured = new LinkedHashMap<>();
    measured.put("adapter", round(own));
    measured.put("independent", round(independent));
    measured.put("gap", round(own - independent));
    return with("adapter_likeness", measured);
  }

  private static double round(double value) {
    return Math.round(1e4 * value) / 1e4;
  }

  /**
   * The same record with the verdict on each generated image, kept or not.
   *
   * @param verdicts the list from {@link dev.likeness.headshots.shoot.SelectionResult#asList}
   * @return the new record
   */
  public ShootRecord selection(List<Map<String, Object>> verdicts) {
    return with("selection", verdicts);
  }

  /**
   * The same record with the decision which headshots to use, and the reason and scores of each
   * headshot.
   *
   * @param recommendation the decision about the headshots of this record
   * @return the new record
   * @throws IllegalArgumentException if it is about another number of headshots
   */
  public ShootRecord recommendation(Recommendation recommendation) {
    List<?> entries = content.get("headshots") instanceof List<?> list ? list : List.of();
    if (recommendation.choices().size() != entries.size()) {
      throw new IllegalArgumentException(
          "headshots in the record: " + entries.size() + ", in the recommendation: "
              + recommendation.choices().size() + "; give the recommendation for this shoot");
    }
    List<Map<String, Object>> headshots = new ArrayList<>();
    entries.forEach(entry -> headshots.add(entry(entry)));
    for (Recommendation.Choice choice : recommendation.choices()) {
      Map<String, Object> entry = headshots.get(choice.index());
      entry.put("recommended", choice.isRecommended());
      entry.put("reason", choice.reason());
      choice.card().ifPresent(card -> entry.put("scores", card.asList()));
    }
    Map<String, Object> decision = new LinkedHashMap<>();
    decision.put("verdict", recommendation.sentence());
    decision.put("use", recommendation.recommended().stream().map(this::file).toList());
    return with("recommendation", decision).with("headshots", headshots);
  }

  private static Map<String, Object> entry(Object headshot) {
    Map<String, Object> entry = new LinkedHashMap<>();
    ((Map<?, ?>) headshot).forEach((key, value) -> entry.put((String) key, value));
    return entry;
  }

  private String file(Recommendation.Choice choice) {
    return Headshot.fileName(firstIndex + choice.index());
  }

  /**
   * The same record with a note about face guidance; see
   * {@link dev.likeness.headshots.HeadshotStudio#faceGuidance}.
   *
   * @param guided true if face guidance was used
   * @return the new record
   */
  public ShootRecord faceGuidance(boolean guided) {
    return with("face_guidance", guided);
  }

  /**
   * The same record with the note that the shoot stopped before its end. A command that repeats the
   * shoot may replace the files of such a record.
   *
   * @return the new record
   */
  public ShootRecord interrupted() {
    return with("interrupted", true);
  }

  /**
   * The same record with the durations of the parts of the work.
   *
   * @param parts maps the name of each part of the work to its duration
   * @return the new record
   */
  public ShootRecord timings(Map<String, Duration> parts) {
    Map<String, Object> seconds = new LinkedHashMap<>();
    parts.forEach((name, time) -> seconds.put(name, time.toMillis() / 1000.0));
    return with("seconds", seconds);
  }

  /** {@return the record as one JSON object} */
  public String toJson() {
    try {
      return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(content);
    } catch (IOException e) {
      throw new IllegalStateException("cannot encode JSON in memory", e);
    }
  }

  /**
   * Writes the JSON file. The write is atomic; a new file is readable by its owner only.
   *
   * @param file the file to write
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public void write(Path file) {
    AtomicFile.writePrivate(
        file, out -> out.write((toJson() + "\n").getBytes(StandardCharsets.UTF_8)));
  }

  private ShootRecord with(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(content);
    more.put(name, value);
    return new ShootRecord(more, firstIndex);
  }

  private static Map<String, Object> person(LoraPerson person) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("phrase", person.phrase());
    object.put("profile", PersonRecord.of(person).profile().asList());
    person.consent().ifPresent(consent -> putConsent(object, consent));
    object.put("trained_on", person.baseName());
    object.put("training_settings", person.trainingSettings());
    return object;
  }

  private static void putConsent(Map<String, Object> object, Consent consent) {
    object.put("consent", consent.text());
    object.put("consent_given", consent.givenAt().toString());
    consent.personName().ifPresent(name -> object.put("consent_for", name));
    consent.representative().ifPresent(giver -> object.put("consent_by", giver));
    object.put("purposes", consent.purposes().stream().sorted().map(Purpose::id).toList());
  }

  private static Map<String, Object> photo(PhotoVerdict photo) {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("file", photo.name());
    object.put("verdict", photo.verdict().id());
    object.put("reasons", photo.reasons().stream().map(Reason::message).toList());
    return object;
  }
}
