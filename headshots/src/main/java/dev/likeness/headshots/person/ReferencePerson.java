package dev.likeness.headshots.person;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * A person given by reference images to an IP-Adapter, without training, optionally with a trained
 * LoRA. Thread-safe; the caller closes adapter and LoRA.
 *
 * @param imagePrompt the encoded photos
 * @param trainedPerson the person's LoRA, or null
 * @param photoConsent the consent for the photos, or null if unknown
 * @param adapterName file name of the adapter, for the record
 * @param strength meaning of the identity strength setting
 * @param base the name of the base that the photos were encoded for; empty if unknown
 * @param record the record of the photos
 */
public record ReferencePerson(
    ImagePrompt imagePrompt,
    TrainedPerson trainedPerson,
    Consent photoConsent,
    String adapterName,
    IdentityStrength strength,
    String base,
    PersonRecord record)
    implements Identity {
  /**
   * Opens a person that {@link #save} wrote; the photos are not needed again.
   *
   * @param adapter the adapter that encoded the photos, or another with the same image encoder and
   *     face embedder; the caller closes it after the last generation
   * @throws InvalidInputException if the file holds no person, or its embeddings do not fit the
   *     adapter
   */
  public static ReferencePerson open(Path file, PersonAdapter adapter) {
    ReferenceEmbeddings references = ReferenceEmbeddings.open(file);
    PersonNotes.OfReferences notes = PersonNotes.OfReferences.read(
            SafetensorsHeader.read(file).metadata())
        .orElseThrow(() -> new InvalidInputException(file
            + " holds references, but its header does not say of which person (likeness.consent);"
            + " give a file that headshot --identity ipadapter wrote, or give the photos again"));
    return new ReferencePerson(
        adapter.prompt(references).withPhrase(notes.classWord()),
        null,
        notes.consent().orElse(null),
        adapter.name(),
        IdentityStrength.DEFAULT,
        notes.base(),
        notes.record());
  }

  /** Whether {@code file} was written from exactly these photos. */
  public static boolean matches(PhotoReview review, Path file) {
    return PersonNotes.read(SafetensorsHeader.read(file).metadata())
        .traits()
        .equals(PersonRecord.traits(review.accepted()));
  }

  /**
   * Writes what the adapter sees of the person, its record, what showed them, what prompts call
   * them and who agreed, whole or not at all: biometric data, not encrypted. A LoRA beside has a
   * file of its own.
   */
  public void save(Path file) {
    imagePrompt
        .references()
        .save(
            file,
            new PersonNotes.OfReferences(
                    base,
                    imagePrompt.phrase(),
                    Optional.ofNullable(photoConsent),
                    adapterName,
                    record)
                .write());
  }

  /** How they look, as far as their photos told. */
  public PersonProfile profile() {
    return record.profile();
  }

  /** The same person, whose drawn faces are held to these. */
  public ReferencePerson withFaceGuidance(FaceEmbeddings others) {
    return new ReferencePerson(
        imagePrompt,
        trainedPerson,
        photoConsent,
        adapterName,
        strength,
        base,
        record.withGuidanceFaces(others));
  }

  /** The same person with their LoRA acting too. */
  public ReferencePerson withTrainedPerson(TrainedPerson lora) {
    return new ReferencePerson(
        imagePrompt, lora, photoConsent, adapterName, strength, base, record);
  }

  /**
   * What to say where {@code lora} was learnt from other photos than were shown here, as far as
   * both files keep faces to tell.
   */
  public Optional<String> findMismatch(TrainedPerson lora) {
    return PersonRecord.of(lora)
        .guidanceFaces()
        .flatMap(other -> record
            .guidanceFaces()
            .filter(faces -> other.embedder().equals(faces.embedder()) && !other.equals(faces))
            .map(faces -> String.format(
                Locale.ROOT,
                "the person was shown by other photos than they were learnt from: the faces are %.2f alike, 1"
                    + " being the same; if they are of two people, both are drawn at once",
                faces.similarity(other))));
  }

  /** The same person drawn along a measured curve. */
  public ReferencePerson withStrength(IdentityStrength measured) {
    return new ReferencePerson(
        imagePrompt, trainedPerson, photoConsent, adapterName, measured, base, record);
  }

  /** At a likeness setting, 0 to 1, their face held by nothing. */
  @Override
  public Adapter at(double likeness) {
    return at(strength.withoutFaceGuidance().at(likeness, trainedPerson != null));
  }

  Adapter at(IdentityStrength.Setting setting) {
    Adapter shown = imagePrompt.between(setting.start(), setting.end()).at(setting.adapter());
    return trainedPerson == null
        ? shown
        : trainedPerson.lora().at(setting.lora()).and(shown);
  }

  @Override
  public String phrase() {
    return trainedPerson == null ? imagePrompt.phrase() : trainedPerson.phrase();
  }

  /** What was agreed to both for the photos and, where a LoRA acts beside, for the LoRA. */
  @Override
  public Optional<Consent> consent() {
    Optional<Consent> own = Optional.ofNullable(photoConsent);
    return trainedPerson == null
        ? own
        : own.flatMap(photos -> trainedPerson.consent().flatMap(photos::intersect));
  }

  /** The same person with this consent, of the LoRA beside too. */
  @Override
  public ReferencePerson withConsent(Consent consent) {
    TrainedPerson lora = trainedPerson == null ? null : trainedPerson.withConsent(consent);
    return new ReferencePerson(imagePrompt, lora, consent, adapterName, strength, base, record);
  }

  /** Contains no personal data, so it may be logged. */
  @Override
  public String toString() {
    return "a person from references for " + adapterName
        + (trainedPerson == null ? "" : ", trained");
  }
}
