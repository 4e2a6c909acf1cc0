package dev.likeness.headshots.person;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Contribution;
import dev.likeness.diffusion.internal.adapter.ModelAdapter;
import dev.likeness.diffusion.internal.text.PromptPhrases;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ReferenceImages;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.LoraPerson;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A person given by reference images, for a base that edits images. No training is needed, but the
 * person may also have a trained LoRA. Prompts name the reference images by number, so these images
 * must come first in a request. Immutable and thread-safe; the caller closes the LoRA.
 */
public final class ReferenceImagesPerson implements PhotoPerson {
  private final List<RgbImage> images;
  private final IntFunction<String> imageName;
  private final PersonMetadata.OfReferences metadata;
  private final LoraPerson trained;

  private ReferenceImagesPerson(
      List<RgbImage> images,
      IntFunction<String> imageName,
      PersonMetadata.OfReferences metadata,
      LoraPerson trained) {
    this.images = List.copyOf(images);
    this.imageName = imageName;
    this.metadata = metadata;
    this.trained = trained;
  }

  /**
   * {@return a person given by images; the consent is unknown} {@link #withConsent} adds one.
   *
   * @param base the base that edits the images
   * @param images the reference images, in order, at least one
   * @param record the record of the photos. Prompts use the class word of its profile, and the
   *     traits that the user gave
   * @throws InvalidInputException if the base does not edit images
   * @throws IllegalArgumentException if there is no image
   */
  public static ReferenceImagesPerson of(
      BaseModel base, List<RgbImage> images, PersonRecord record) {
    if (images.isEmpty()) {
      throw new IllegalArgumentException(
          "a person needs at least one reference image, got none; give an image");
    }
    return new ReferenceImagesPerson(
        images,
        ReferencePhotos.editing(base)::imageName,
        new PersonMetadata.OfReferences(
            base.name(),
            record.profile().userWords(),
            Optional.empty(),
            PersonMetadata.OfImages.NO_ADAPTER,
            record),
        null);
  }

  /**
   * Opens a file that {@link #save} wrote.
   *
   * @param file the person's file
   * @param base the base that edits the images
   * @return the person, without a LoRA
   * @throws InvalidInputException if the file has no reference images, or the base does not edit
   *     images
   */
  public static ReferenceImagesPerson open(Path file, BaseModel base) {
    IntFunction<String> imageName = ReferencePhotos.editing(base)::imageName;
    PersonMetadata.OfImages saved = PersonMetadata.OfImages.open(file);
    return new ReferenceImagesPerson(saved.images(), imageName, saved.metadata(), null);
  }

  /**
   * Writes the person's file: the reference images, the {@link PersonRecord} and the consent. The
   * images are whole photos or parts of them. The file is biometric data and is not encrypted. The
   * write is atomic; a new file is readable by its owner only. A LoRA is not part of this file.
   *
   * @param file the file to write; an existing file is replaced
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public void save(Path file) {
    new PersonMetadata.OfImages(images, metadata).save(file);
  }

  /** {@return the reference images, in the order of their numbers} */
  public List<RgbImage> images() {
    return images;
  }

  /**
   * {@return the record of the photos} Its face embeddings for measuring likeness come from photos
   * that are not reference images.
   */
  public PersonRecord record() {
    return metadata.record();
  }

  /** {@return the person's LoRA; empty if the person has none} */
  public Optional<LoraPerson> loraPerson() {
    return Optional.ofNullable(trained);
  }

  /**
   * {@return a copy of this person with a LoRA in addition to the reference images}
   *
   * @param lora the trained person; the caller closes it after the last generation
   */
  public ReferenceImagesPerson withLoraPerson(LoraPerson lora) {
    return new ReferenceImagesPerson(images, imageName, metadata, lora);
  }

  /**
   * {@inheritDoc} The identity strength is the weight of the LoRA. The logarithm of the strength is
   * also added to the attention scores of the reference images.
   *
   * @throws IllegalArgumentException if {@code identityStrength} is outside 0 to 1
   */
  @Override
  public Adapter at(double identityStrength) {
    return at(identityStrength, identityStrength);
  }

  Adapter at(double identityStrength, double loraWeight) {
    if (!(identityStrength >= 0 && identityStrength <= 1)) {
      throw new IllegalArgumentException(
          "the identity strength must be in 0..1, got " + identityStrength);
    }
    Adapter shown = new Images(ReferenceImages.NONE.images(images).strength(identityStrength));
    return trained == null ? shown : trained.lora().at(loraWeight).and(shown);
  }

  /** {@inheritDoc} The words name the images by their numbers, from 1. */
  @Override
  public String phrase() {
    return phrase(1);
  }

  private String phrase(int first) {
    String shown = "the " + metadata.classWord() + " in " + names(first);
    return trained == null ? shown : trained.phrase() + ", " + shown;
  }

  private String names(int first) {
    return PromptPhrases.join(
        IntStream.range(first, first + images.size()).mapToObj(imageName).toList());
  }

  /** {@inheritDoc} The LoRA may be of more photos than the references. */
  @Override
  public List<FaceEmbeddings> guidanceFaces() {
    return Stream.concat(
            loraPerson().flatMap(lora -> PersonRecord.of(lora).guidanceFaces()).stream(),
            record().guidanceFaces().stream())
        .toList();
  }

  @Override
  public DoubleFunction<Adapter> guidedBy(FaceGuidance guidance, List<float[]> faces) {
    Identity face = guidance.forPerson(faces);
    return identityStrength -> at(identityStrength, GuidedPerson.LORA_SHARE * identityStrength)
        .and(face.at(identityStrength));
  }

  @Override
  public PersonRecord.SharedLight sharedLight() {
    return loraPerson()
        .map(lora -> PersonRecord.of(lora).light())
        .orElse(PersonRecord.EMPTY.light());
  }

  @Override
  public boolean isTrained() {
    return loraPerson().isPresent();
  }

  /** {@inheritDoc} This person alone. */
  @Override
  public List<ReferenceImagesPerson> people() {
    return List.of(this);
  }

  @Override
  public String instruction() {
    return "Keep the face exactly as in " + names(1)
        + "; do not copy clothes, pose or background from there. ";
  }

  /**
   * {@inheritDoc} If the person has a LoRA, there are two consents: for the images and for the
   * LoRA. The result covers only the purposes in both.
   */
  @Override
  public Optional<Consent> consent() {
    return trained == null
        ? metadata.consent()
        : metadata.consent().flatMap(own -> trained.consent().flatMap(own::intersect));
  }

  /** {@inheritDoc} The LoRA gets the same consent. */
  @Override
  public ReferenceImagesPerson withConsent(Consent consent) {
    return new ReferenceImagesPerson(
        images,
        imageName,
        new PersonMetadata.OfReferences(
            metadata.base(),
            metadata.classWord(),
            Optional.of(consent),
            metadata.adapterName(),
            metadata.record()),
        trained == null ? null : trained.withConsent(consent));
  }

  /** {@inheritDoc} The text contains no personal data, so it may be logged. */
  @Override
  public String toString() {
    return "a person from " + images.size() + " reference images"
        + (trained == null ? "" : ", trained");
  }

  /** The reference images as an adapter; it changes no weights. */
  private record Images(ReferenceImages images) implements ModelAdapter {
    @Override
    public Contribution contribution() {
      return Contribution.NONE.withImages(images);
    }

    /** The text contains no personal data. */
    @Override
    public String toString() {
      return images.images().size() + " reference images";
    }
  }

  /**
   * Several persons in one image, each given by reference images. Face guidance does not apply to
   * them.
   *
   * @param people the persons, in the order of their images, at least two
   */
  public record Group(List<ReferenceImagesPerson> people) implements PhotoPerson {
    /**
     * Checks and copies the list.
     *
     * @throws IllegalArgumentException if there are fewer than two persons, or if one has a LoRA
     */
    public Group {
      people = List.copyOf(people);
      if (people.size() < 2) {
        throw new IllegalArgumentException(
            "a group needs at least 2 people, got " + people.size() + "; add people");
      }
      if (people.stream().anyMatch(person -> person.trained != null)) {
        throw new IllegalArgumentException("one of the people has a LoRA, which changes the"
            + " faces of all people; give people with reference images only");
      }
    }

    @Override
    public Adapter at(double identityStrength) {
      return people.stream()
          .map(person -> person.at(identityStrength))
          .reduce(Adapter::and)
          .orElseThrow();
    }

    @Override
    public String phrase() {
      return PromptPhrases.join(eachFromItsNumber(ReferenceImagesPerson::phrase));
    }

    @Override
    public boolean isTrained() {
      return false;
    }

    @Override
    public String instruction() {
      return "Keep each face exactly: "
          + PromptPhrases.join(eachFromItsNumber((person, first) ->
              "of the " + person.metadata.classWord() + " as in " + person.names(first)))
          + "; do not copy clothes, pose or background from there. ";
    }

    private interface Words {
      String of(ReferenceImagesPerson person, int first);
    }

    private List<String> eachFromItsNumber(Words words) {
      return IntStream.range(0, people.size())
          .mapToObj(i -> words.of(
              people.get(i),
              1
                  + people.subList(0, i).stream()
                      .mapToInt(one -> one.images.size())
                      .sum()))
          .toList();
    }

    /**
     * {@inheritDoc} The result names all persons and covers only the purposes that all consents
     * cover. It is empty if one consent is unknown or the consents have no purpose in common.
     */
    @Override
    public Optional<Consent> consent() {
      return people.stream()
          .map(ReferenceImagesPerson::consent)
          .reduce((a, b) -> a.flatMap(one -> b.flatMap(other -> join(one, other))))
          .orElseThrow();
    }

    private static Optional<Consent> join(Consent a, Consent b) {
      return a.intersect(b)
          .map(both -> a.isSynthetic() && b.isSynthetic()
              ? both
              : new Consent(
                  a.person() + "; " + b.person(),
                  a.givenBy() + "; " + b.givenBy(),
                  both.purposes(),
                  a.textVersion() + "; " + b.textVersion(),
                  a.givenAt().isAfter(b.givenAt()) ? a.givenAt() : b.givenAt(),
                  a.text() + "; " + b.text()));
    }

    /** {@inheritDoc} The text contains no personal data, so it may be logged. */
    @Override
    public String toString() {
      return people.size() + " people from reference images";
    }
  }
}
