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
 * A person whom photos show to an IP-Adapter while their pictures are drawn; nothing is learnt,
 * unless a LoRA of theirs acts beside. Shared by threads; adapter and LoRA stay their owners'.
 *
 * @param prompt the photos as the adapter sees them
 * @param learnt the person's LoRA, or null
 * @param photoConsent who agreed to what is done with the photos, or null where that is not known
 * @param adapter what showed them, for the record: the name of a file
 * @param dial what a likeness setting means
 * @param notes what their file says of them beside: their profile and the base they were shown to,
 *     and of their faces what drawn ones are held to, what likeness is measured by and what
 *     flatters
 */
public record ReferencePerson(
    ImagePrompt prompt,
    TrainedPerson learnt,
    Consent photoConsent,
    String adapter,
    IdentityStrength dial,
    Map<String, String> notes)
    implements Identity {
  private static final String CLASS_WORD = "likeness.class_word";
  private static final String CONSENT = "likeness.consent";
  private static final String RECIPE = "likeness.recipe";
  public static final String BASE = "likeness.base";
  private static final List<String> NOTES = List.of(
      BASE, PersonProfile.NOTE, PersonRecord.NOTE, FaceEmbeddings.NOTE, FaceEmbeddings.GUIDE);

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
    if (!notes.containsKey(CONSENT)) {
      throw new InvalidInputException(
          file + " keeps references, but its header does not say whom they show (" + CONSENT
              + "); give a file that headshot --identity ipadapter wrote, or show the photos again");
    }
    return new ReferencePerson(
        adapter.identity(kept).called(notes.getOrDefault(CLASS_WORD, "person")),
        null,
        Optional.of(notes.get(CONSENT))
            .filter(text -> !text.isBlank())
            .map(Consent::parse)
            .orElse(null),
        adapter.name(),
        IdentityStrength.UNMEASURED,
        own(notes));
  }

  /** Whether {@code file} keeps somebody whom these very photos showed. */
  public static boolean isOf(PhotoReview review, Path file) {
    return PersonRecord.of(review.accepted())
        .toJson()
        .equals(SafetensorsHeader.read(file).metadata().get(PersonRecord.NOTE));
  }

  private static Map<String, String> own(Map<String, String> header) {
    Map<String, String> own = new HashMap<>(header);
    own.keySet().retainAll(NOTES);
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
    all.putAll(Map.of(CLASS_WORD, prompt.phrase(), CONSENT, consent, RECIPE, adapter));
    prompt.references().save(file, all);
  }

  /** The base that they were shown to, or empty where their file does not say. */
  public String base() {
    return notes.getOrDefault(BASE, "");
  }

  /** How they look, as far as their photos told. */
  public PersonProfile profile() {
    return PersonProfile.of(notes);
  }

  /** What drawn faces are held to, where that is known. */
  Optional<FaceEmbeddings> faces() {
    return FaceEmbeddings.kept(notes, FaceEmbeddings.GUIDE);
  }

  /** The same person, whose drawn faces are held to these. */
  public ReferencePerson heldTo(FaceEmbeddings others) {
    Map<String, String> more = new HashMap<>(notes);
    more.put(FaceEmbeddings.GUIDE, others.toJson());
    return new ReferencePerson(prompt, learnt, photoConsent, adapter, dial, more);
  }

  /** The same person with their LoRA acting too. */
  public ReferencePerson with(TrainedPerson lora) {
    return new ReferencePerson(prompt, lora, photoConsent, adapter, dial, notes);
  }

  /**
   * What to say where {@code lora} was learnt from other photos than were shown here, as far as
   * both files keep faces to tell.
   */
  public Optional<String> unlike(TrainedPerson lora) {
    return FaceEmbeddings.guiding(lora)
        .flatMap(other -> faces()
            .filter(faces ->
                other.embedder().equals(faces.embedder()) && !other.toJson().equals(faces.toJson()))
            .map(faces -> String.format(
                Locale.ROOT,
                "the person was shown by other photos than they were learnt from: the faces are %.2f alike, 1"
                    + " being the same; if they are of two people, both are drawn at once",
                faces.similarity(other))));
  }

  /** The same person drawn along a measured curve. */
  public ReferencePerson along(IdentityStrength measured) {
    return new ReferencePerson(prompt, learnt, photoConsent, adapter, measured, notes);
  }

  /** At a likeness setting, 0 to 1, their face held by nothing. */
  @Override
  public Adapter at(double likeness) {
    return at(dial.unheld().at(likeness, learnt != null));
  }

  Adapter at(IdentityStrength.Setting setting) {
    Adapter shown = prompt.steps(setting.start(), setting.end()).at(setting.adapter());
    return learnt == null ? shown : learnt.lora().at(setting.lora()).and(shown);
  }

  @Override
  public String phrase() {
    return learnt == null ? prompt.phrase() : learnt.phrase();
  }

  /** What was agreed to both for the photos and, where a LoRA acts beside, for the LoRA. */
  @Override
  public Optional<Consent> consent() {
    Optional<Consent> own = Optional.ofNullable(photoConsent);
    return learnt == null ? own : own.flatMap(photos -> learnt.consent().flatMap(photos::within));
  }

  /** The same person with this consent, of the LoRA beside too. */
  @Override
  public ReferencePerson withConsent(Consent consent) {
    TrainedPerson lora = learnt == null ? null : learnt.withConsent(consent);
    return new ReferencePerson(prompt, lora, consent, adapter, dial, notes);
  }

  /** Nothing of the person: it may be logged. */
  @Override
  public String toString() {
    return "somebody shown to " + adapter + (learnt == null ? "" : " and learnt") + ", "
        + notes.size() + " notes";
  }
}
