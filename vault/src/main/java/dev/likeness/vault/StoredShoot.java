package dev.likeness.vault;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.HeadshotStudio;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.report.ShootRecord;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Stores each headshot of a shoot when it is finished, so that not even a killed process loses one.
 */
final class StoredShoot {
  private final BaseModel base;
  private final Person person;
  private final boolean isGuided;
  private final ShootRequest request;
  private final Path imageFolder;
  private final int firstIndex;
  private final GeneratedImage.Marking marking;
  private final ReviewTools tools;
  private final List<Headshot> headshots = new ArrayList<>();

  /**
   * Starts a shoot.
   *
   * @param isGuided true if face guidance applies to the person
   * @param imageFolder the folder of the images
   * @param firstIndex the number of numbers that earlier images use
   */
  StoredShoot(
      BaseModel base,
      Person person,
      boolean isGuided,
      ShootRequest request,
      Path imageFolder,
      int firstIndex,
      GeneratedImage.Marking marking,
      ReviewTools tools) {
    this.base = base;
    this.person = person;
    this.isGuided = isGuided;
    this.request = request;
    this.imageFolder = imageFolder;
    this.firstIndex = firstIndex;
    this.marking = marking;
    this.tools = tools;
  }

  /**
   * The person of a shoot: trained, by reference images, by encoded photos, or trained and one of
   * these.
   *
   * @param trained the LoRA, or null
   * @param images the person by reference images, with the LoRA if there is one
   * @param encoded the person by encoded photos, with the LoRA if there is one
   */
  record Person(
      @Nullable LoraPerson trained,
      Optional<ReferenceImagesPerson> images,
      Optional<IpAdapterPerson> encoded) {
    /**
     * Joins them.
     *
     * @param lora may be null; files of earlier versions may lack a consent
     * @param recorded the consent that the subject records
     */
    static Person of(
        @Nullable LoraPerson lora,
        Optional<ReferenceImagesPerson> images,
        Optional<IpAdapterPerson> encoded,
        Consent recorded) {
      if (lora == null) {
        return new Person(null, images, encoded);
      }
      LoraPerson known = lora.consent().isPresent() ? lora : lora.withConsent(recorded);
      return new Person(
          known,
          images.map(one -> one.withLoraPerson(known)),
          encoded.map(one -> one.withLoraPerson(known)));
    }

    Identity identity() {
      return images.<Identity>map(one -> one).or(() -> encoded).orElse(trained);
    }

    Optional<Authenticity> authenticity(ReviewTools tools) {
      Optional<FaceEmbedder> judge =
          tools.embedder().filter(eye -> FaceEmbeddings.canJudge(eye, identity()));
      // Reference images keep measures of other photos than they are made of.
      Optional<PersonRecord> kept =
          images.map(ReferenceImagesPerson::record).or(() -> encoded.map(IpAdapterPerson::record));
      return kept.isEmpty()
          ? Authenticity.of(trained, tools)
          : Authenticity.of(
              kept.get(), judge.map(tools::withEmbedder).orElseGet(tools::withoutEmbedder));
    }
  }

  /** Generates a shoot of a person and stores it with the subject. */
  static Shoot generate(
      HeadshotStudio studio,
      BaseModel base,
      Person person,
      Subject subject,
      ShootRequest request,
      GeneratedImage.Marking marking,
      ReviewTools tools,
      Run run) {
    Path images = subject.folder(DataCategory.IMAGES);
    int count = request.styles().size() * request.count();
    int first = subject.imageNumbers().reserve(images, count);
    try {
      boolean guided = studio.usesFaceGuidance(person.identity());
      StoredShoot shoot =
          new StoredShoot(base, person, guided, request, images, first, marking, tools);
      studio.onHeadshot(shoot::add).shoot(person.identity(), request, run);
      return shoot.finish();
    } finally {
      subject.imageNumbers().release(first, count);
    }
  }

  /** Stores a headshot, cropped by its style if a face is found, and the record of all so far. */
  void add(Headshot headshot) {
    Headshot cropped = headshot.crop(tools.detector());
    cropped.write(imageFolder.resolve(Headshot.fileName(firstIndex + headshots.size())), marking);
    headshots.add(cropped);
    write(record());
  }

  /** Adds the authenticity flags to the record and returns the stored headshots. */
  Shoot finish() {
    List<Authenticity.Result> verdicts = person
        .authenticity(tools)
        .map(measure -> headshots.stream()
            .map(headshot -> measure.judge(headshot.marked(marking)))
            .toList())
        .orElse(List.of());
    write(record().authenticity(verdicts));
    return shoot();
  }

  private Shoot shoot() {
    return new Shoot(request, headshots);
  }

  private ShootRecord record() {
    ShootRecord record = person
        .encoded()
        .map(encoded -> ShootRecord.of(base, encoded, shoot(), firstIndex))
        .orElseGet(() -> person.images().isPresent()
            ? ShootRecord.ofReferenceImagesPerson(base, person.identity(), shoot(), firstIndex)
            : ShootRecord.of(base, person.trained(), shoot(), firstIndex));
    return record.faceGuidance(isGuided);
  }

  private void write(ShootRecord record) {
    String number = firstIndex == 0 ? "" : String.format(Locale.ROOT, "-%03d", firstIndex + 1);
    record.write(imageFolder.resolve(ShootRecord.FILE.replace(".", number + ".")));
  }
}
