package dev.likeness.headshots.person;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ControlImage;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings;
import dev.likeness.lora.LoraPerson;
import dev.likeness.photos.PhotoReview;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.stream.Stream;

/**
 * A person given by reference images for an IP-Adapter, without training. The person may also have
 * a trained LoRA. Thread-safe; the caller closes adapter and LoRA.
 *
 * @param imagePrompt the encoded photos
 * @param loraPerson the person's LoRA; empty if the person has none
 * @param photoConsent the consent for the photos; empty if unknown
 * @param adapterName file name of the adapter
 * @param strength maps the identity strength to weights
 * @param base name of the base that the photos were encoded for; empty if unknown
 * @param record the record of the photos
 */
public record IpAdapterPerson(
    ImagePrompt imagePrompt,
    Optional<LoraPerson> loraPerson,
    Optional<Consent> photoConsent,
    String adapterName,
    IdentityStrength strength,
    String base,
    PersonRecord record)
    implements PhotoPerson {
  /**
   * Opens a file that {@link #save} wrote. The photos are not needed.
   *
   * @param file the person's file
   * @param adapter the adapter that encoded the photos, or another adapter with the same image
   *     encoder and face embedder; the caller closes it after the last generation
   * @return the person
   * @throws InvalidInputException if the file contains no person, or its embeddings are damaged,
   *     have other shapes than the adapter needs, or were made with an image encoder or face
   *     embedder that the adapter does not use
   */
  public static IpAdapterPerson open(Path file, PersonAdapter adapter) {
    ReferenceEmbeddings references = ReferenceEmbeddings.open(file);
    PersonMetadata.OfReferences metadata = PersonMetadata.OfReferences.read(
            SafetensorsHeader.read(file).metadata(), file)
        .orElseThrow(() -> new InvalidInputException(file
            + " contains reference embeddings, but its metadata has no key likeness.consent;"
            + " give a file that headshot --identity ipadapter wrote, or give the photos again"));
    return new IpAdapterPerson(
        prompt(file, references, adapter).withPhrase(metadata.classWord()),
        Optional.empty(),
        metadata.consent(),
        adapter.name(),
        IdentityStrength.of(adapter.kind()),
        metadata.base(),
        metadata.record());
  }

  /**
   * {@return the file name of the adapter that encoded the photos of a person's file; empty if the
   * file names none} Only the header of the file is read.
   *
   * @param file a file that {@link #save} wrote
   * @throws InvalidInputException if the file cannot be read
   */
  public static Optional<String> findAdapterName(Path file) {
    return PersonMetadata.OfReferences.read(SafetensorsHeader.read(file).metadata(), file)
        .map(PersonMetadata.OfReferences::adapterName)
        .filter(name -> !name.isEmpty());
  }

  private static ImagePrompt prompt(
      Path file, ReferenceEmbeddings references, PersonAdapter adapter) {
    try {
      return adapter.prompt(references);
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(file + ": " + e.getMessage(), e);
    }
  }

  /**
   * Returns true if a file was written from exactly the given photos.
   *
   * @param review the reviewed photos
   * @param file a person's file
   * @return true if the measures of the faces are equal
   * @throws InvalidInputException if the file cannot be read
   */
  public static boolean matches(PhotoReview review, Path file) {
    return PersonMetadata.read(SafetensorsHeader.read(file).metadata(), file.toString())
        .traits()
        .equals(PersonRecord.traits(review.accepted()));
  }

  /**
   * Writes the person's file: the embeddings, the {@link PersonRecord}, the adapter's name, the
   * class word and the consent. The file contains biometric data and is not encrypted. The write is
   * atomic. A LoRA is not part of this file.
   *
   * @param file the file to write
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public void save(Path file) {
    imagePrompt
        .references()
        .save(
            file,
            new PersonMetadata.OfReferences(
                    base, imagePrompt.phrase(), photoConsent, adapterName, record)
                .write());
  }

  /** {@return the person's appearance: words from the user or read from the photos} */
  public PersonProfile profile() {
    return record.profile();
  }

  /**
   * Returns a copy of this person with the given face embeddings for face guidance.
   *
   * @param others the embeddings
   * @return the new person
   */
  public IpAdapterPerson withFaceGuidance(FaceEmbeddings others) {
    return new IpAdapterPerson(
        imagePrompt,
        loraPerson,
        photoConsent,
        adapterName,
        strength,
        base,
        record.withGuidanceFaces(others));
  }

  /**
   * The same person with a LoRA in addition to the reference images.
   *
   * @param lora the trained person; the caller closes it after the last generation
   * @return the new person
   */
  public IpAdapterPerson withLoraPerson(LoraPerson lora) {
    return new IpAdapterPerson(
        imagePrompt, Optional.of(lora), photoConsent, adapterName, strength, base, record);
  }

  /**
   * Returns a warning if a LoRA was trained on other photos than those that this person's reference
   * images come from. The photos are compared by face embeddings, which must come from the same
   * embedder.
   *
   * @param lora the trained person
   * @return the warning for the user; empty if the photos are the same or cannot be compared
   */
  public Optional<String> findMismatch(LoraPerson lora) {
    return PersonRecord.of(lora)
        .guidanceFaces()
        .flatMap(other -> record
            .guidanceFaces()
            .filter(faces -> faces.isComparable(other) && !other.equals(faces))
            .map(faces -> String.format(
                Locale.ROOT,
                "the reference photos are not the photos that the LoRA was trained on: the"
                    + " similarity of their faces is %.2f (1 is the same);"
                    + " if they show two people, the images mix both",
                faces.similarity(other))));
  }

  /**
   * Returns a copy of this person whose images follow the keypoints of a control image. The method
   * of the adapter must have a ControlNet of its own, as InstantID does. The control image applies
   * to the images of a shoot, and not where a part of an image is generated again.
   *
   * @param keypoints the control image; the caller keeps ownership of its ControlNet
   * @return the new person
   * @throws IllegalArgumentException if the method has no ControlNet of its own
   */
  public IpAdapterPerson withControl(ControlImage keypoints) {
    return new IpAdapterPerson(
        imagePrompt.withControl(keypoints),
        loraPerson,
        photoConsent,
        adapterName,
        strength,
        base,
        record);
  }

  /**
   * Returns a copy of this person with the given mapping of the identity strength.
   *
   * @param measured the mapping
   * @return the new person
   */
  public IpAdapterPerson withStrength(IdentityStrength measured) {
    return new IpAdapterPerson(
        imagePrompt, loraPerson, photoConsent, adapterName, measured, base, record);
  }

  /** {@inheritDoc} The LoRA may be of more photos than the references. */
  @Override
  public List<FaceEmbeddings> guidanceFaces() {
    return Stream.concat(
            loraPerson.flatMap(lora -> PersonRecord.of(lora).guidanceFaces()).stream(),
            record.guidanceFaces().stream())
        .toList();
  }

  @Override
  public DoubleFunction<Adapter> guidedBy(FaceGuidance guidance, List<float[]> faces) {
    Identity face = guidance.forPerson(faces);
    IdentityStrength mapping = strength.equals(IdentityStrength.DEFAULT)
        ? IdentityStrength.DEFAULT_WITH_GUIDANCE
        : strength;
    return identityStrength -> {
      IdentityStrength.Setting setting = mapping.at(identityStrength, loraPerson.isPresent());
      return at(setting).and(face.at(setting.face()));
    };
  }

  @Override
  public PersonRecord.SharedLight sharedLight() {
    return loraPerson.map(lora -> PersonRecord.of(lora).light()).orElse(PersonRecord.EMPTY.light());
  }

  @Override
  public boolean isTrained() {
    return loraPerson.isPresent();
  }

  /**
   * {@inheritDoc} The returned adapter does not include face guidance. If {@link #strength} was
   * measured with face guidance, {@link IdentityStrength#DEFAULT} is used instead.
   *
   * @throws IllegalArgumentException if {@code identityStrength} is outside 0 to 1
   */
  @Override
  public Adapter at(double identityStrength) {
    return at(strength.withoutFaceGuidance().at(identityStrength, loraPerson.isPresent()));
  }

  Adapter at(IdentityStrength.Setting setting) {
    // A mapping for all steps leaves the image prompt in the steps that its method prescribes.
    boolean isWhole = setting.start() == 0 && setting.end() == 1;
    Adapter images = (isWhole ? imagePrompt : imagePrompt.between(setting.start(), setting.end()))
        .at(setting.adapter());
    return loraPerson
        .map(trained -> trained.lora().at(setting.lora()).and(images))
        .orElse(images);
  }

  @Override
  public String phrase() {
    return loraPerson.map(LoraPerson::phrase).orElse(imagePrompt.phrase());
  }

  /**
   * {@inheritDoc} If the person has a LoRA, there are two consents: for the photos and for the
   * LoRA. The result covers only the purposes in both.
   */
  @Override
  public Optional<Consent> consent() {
    return loraPerson
        .map(
            trained -> photoConsent.flatMap(photos -> trained.consent().flatMap(photos::intersect)))
        .orElse(photoConsent);
  }

  /** {@inheritDoc} The LoRA gets the same consent. */
  @Override
  public IpAdapterPerson withConsent(Consent consent) {
    return new IpAdapterPerson(
        imagePrompt,
        loraPerson.map(trained -> trained.withConsent(consent)),
        Optional.of(consent),
        adapterName,
        strength,
        base,
        record);
  }

  /** {@inheritDoc} The text contains no personal data, so it may be logged. */
  @Override
  public String toString() {
    return "a person from references for " + adapterName
        + (loraPerson.isEmpty() ? "" : ", trained");
  }
}
