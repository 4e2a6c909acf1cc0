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
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * A person whom photos show to an IP-Adapter while their images are drawn; nothing is learnt,
 * unless a LoRA of theirs acts beside. Shared by threads; adapter and LoRA stay their owners'.
 *
 * @param imagePrompt the photos as the adapter sees them
 * @param trainedPerson the person's LoRA, or null
 * @param photoConsent who agreed to what is done with the photos, or null where that is not known
 * @param adapterName what showed them, for the record: the name of a file
 * @param strength what a likeness setting means
 * @param notes what their file says of them beside: their profile and the base they were shown to,
 *     and of their faces what drawn ones are held to, what likeness is measured by and what
 *     flatters
 */
public record ReferencePerson(
    ImagePrompt imagePrompt,
    TrainedPerson trainedPerson,
    Consent photoConsent,
    String adapterName,
    IdentityStrength strength,
    Map<String, String> notes)
    implements Identity {
  private static final String CLASS_WORD_KEY = "likeness.class_word";
  private static final String CONSENT_KEY = "likeness.consent";
  private static final String RECIPE_KEY = "likeness.recipe";
  public static final String BASE_KEY = "likeness.base";
  private static final List<String> NOTE_KEYS = List.of(
      BASE_KEY,
      PersonProfile.NOTE_KEY,
      PersonRecord.NOTE_KEY,
      FaceEmbeddings.NOTE_KEY,
      FaceEmbeddings.GUIDANCE_NOTE_KEY);

  public ReferencePerson {
    notes = Map.copyOf(notes);
  }

  /**
   * Somebody kept by {@link #save}, who is drawn again without their photos.
   *
   * @param adapter the one that they were shown to, or another that looks at people through the
   *     same encoder and recogniser; stays the caller's, open while the person is drawn
   * @throws InvalidInputException when the file shows nobody, or what it keeps was not made for
   *     such an adapter
   */
  public static ReferencePerson open(Path file, PersonAdapter adapter) {
    ReferenceEmbeddings kept = ReferenceEmbeddings.open(file);
    Map<String, String> notes = SafetensorsHeader.read(file).metadata();
    if (!notes.containsKey(CONSENT_KEY)) {
      throw new InvalidInputException(
          file + " keeps references, but its header does not say whom they show (" + CONSENT_KEY
              + "); give a file that headshot --identity ipadapter wrote, or show the photos again");
    }
    return new ReferencePerson(
        adapter.prompt(kept).withPhrase(notes.getOrDefault(CLASS_WORD_KEY, "person")),
        null,
        Optional.of(notes.get(CONSENT_KEY))
            .filter(text -> !text.isBlank())
            .map(Consent::parse)
            .orElse(null),
        adapter.name(),
        IdentityStrength.DEFAULT,
        retainNotes(notes));
  }

  /** Whether {@code file} keeps somebody whom these very photos showed. */
  public static boolean matches(PhotoReview review, Path file) {
    return PersonRecord.of(review.accepted())
        .toJson()
        .equals(SafetensorsHeader.read(file).metadata().get(PersonRecord.NOTE_KEY));
  }

  private static Map<String, String> retainNotes(Map<String, String> header) {
    Map<String, String> own = new HashMap<>(header);
    own.keySet().retainAll(NOTE_KEYS);
    return own;
  }

  /**
   * Writes what the adapter sees of the person, {@link #notes}, what showed them, what prompts call
   * them and who agreed, whole or not at all: biometric data, not encrypted. A LoRA beside has a
   * file of its own.
   */
  public void save(Path file) {
    Map<String, String> all = new HashMap<>(notes);
    String consent = photoConsent == null ? "" : photoConsent.toJson();
    all.putAll(Map.of(
        CLASS_WORD_KEY, imagePrompt.phrase(), CONSENT_KEY, consent, RECIPE_KEY, adapterName));
    imagePrompt.references().save(file, all);
  }

  /** The base that they were shown to, or empty where their file does not say. */
  public String base() {
    return notes.getOrDefault(BASE_KEY, "");
  }

  /** How they look, as far as their photos told. */
  public PersonProfile profile() {
    return PersonProfile.of(notes);
  }

  /** What drawn faces are held to, where that is known. */
  Optional<FaceEmbeddings> guidanceFaces() {
    return FaceEmbeddings.readNote(notes, FaceEmbeddings.GUIDANCE_NOTE_KEY);
  }

  /** The same person, whose drawn faces are held to these. */
  public ReferencePerson withFaceGuidance(FaceEmbeddings others) {
    Map<String, String> more = new HashMap<>(notes);
    more.put(FaceEmbeddings.GUIDANCE_NOTE_KEY, others.toJson());
    return new ReferencePerson(
        imagePrompt, trainedPerson, photoConsent, adapterName, strength, more);
  }

  /** The same person with their LoRA acting too. */
  public ReferencePerson withTrainedPerson(TrainedPerson lora) {
    return new ReferencePerson(imagePrompt, lora, photoConsent, adapterName, strength, notes);
  }

  /**
   * What to say where {@code lora} was learnt from other photos than were shown here, as far as
   * both files keep faces to tell.
   */
  public Optional<String> findMismatch(TrainedPerson lora) {
    return FaceEmbeddings.ofGuidance(lora)
        .flatMap(other -> guidanceFaces()
            .filter(faces ->
                other.embedder().equals(faces.embedder()) && !other.toJson().equals(faces.toJson()))
            .map(faces -> String.format(
                Locale.ROOT,
                "the person was shown by other photos than they were learnt from: the faces are %.2f alike, 1"
                    + " being the same; if they are of two people, both are drawn at once",
                faces.similarity(other))));
  }

  /** The same person drawn along a measured curve. */
  public ReferencePerson withStrength(IdentityStrength measured) {
    return new ReferencePerson(
        imagePrompt, trainedPerson, photoConsent, adapterName, measured, notes);
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
    return new ReferencePerson(imagePrompt, lora, consent, adapterName, strength, notes);
  }

  /** Nothing of the person: it may be logged. */
  @Override
  public String toString() {
    return "somebody shown to " + adapterName + (trainedPerson == null ? "" : " and learnt") + ", "
        + notes.size() + " notes";
  }
}
