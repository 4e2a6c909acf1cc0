package dev.likeness.headshots.person;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.DoubleFunction;

/**
 * A person who is generated with face guidance. If the base's folder has a face adapter, the face
 * embeddings in a trained person's file are also given to this adapter, which has a small weight.
 *
 * @param person the person without face guidance
 * @param guidedAdapter maps an identity strength, 0 to 1, to the adapter with face guidance
 */
public record GuidedPerson(Identity person, DoubleFunction<Adapter> guidedAdapter)
    implements PhotoPerson {
  /**
   * Weight of the LoRA at identity strength 1. Face guidance already gives the likeness; a higher
   * weight adds the look of selfies and lowers prompt adherence.
   */
  static final double LORA_SHARE = 0.4;

  /**
   * Adds face guidance to a person.
   *
   * @param person the person
   * @param guidance the face guidance; the caller closes it after the last generation
   * @return the guided person, or {@code person} itself if the person has no embeddings from the
   *     guidance's embedder
   */
  public static Identity of(Identity person, FaceGuidance guidance) {
    PhotoPerson known = PhotoPerson.of(person);
    return faces(known, guidance)
        .<Identity>map(kept -> new GuidedPerson(person, known.guidedBy(guidance, kept.vectors())))
        .orElse(person);
  }

  /**
   * Creates a measure of likeness to the face embeddings that face guidance follows.
   *
   * @param person the person
   * @param guidance the face guidance, whose embedder compares faces
   * @param detector finds faces; the caller closes it
   * @return the measure; empty if the person has no embeddings from the guidance's embedder
   */
  public static Optional<Likeness> likeness(
      Identity person, FaceGuidance guidance, FaceDetector detector) {
    return faces(PhotoPerson.of(person), guidance)
        .map(kept -> kept.likeness(detector, guidance.embedder()));
  }

  /** The largest set of face embeddings that the guidance's own embedder made. */
  private static Optional<FaceEmbeddings> faces(PhotoPerson person, FaceGuidance guidance) {
    return person.guidanceFaces().stream()
        .filter(kept -> kept.embedder().equals(guidance.embedder().name()))
        .max(Comparator.comparingInt(kept -> kept.vectors().size()));
  }

  @Override
  public Adapter at(double identityStrength) {
    return guidedAdapter.apply(identityStrength);
  }

  /** {@inheritDoc} A second guidance is not added, so there are none. */
  @Override
  public List<FaceEmbeddings> guidanceFaces() {
    return List.of();
  }

  @Override
  public PersonRecord.SharedLight sharedLight() {
    return PhotoPerson.of(person).sharedLight();
  }

  @Override
  public String instruction() {
    return PhotoPerson.of(person).instruction();
  }

  @Override
  public List<ReferenceImagesPerson> people() {
    return PhotoPerson.of(person).people();
  }

  @Override
  public boolean isTrained() {
    return PhotoPerson.of(person).isTrained();
  }

  @Override
  public Optional<String> baseMismatch(BaseModel model) {
    return person.baseMismatch(model);
  }

  @Override
  public Map<String, String> metadata() {
    return person.metadata();
  }

  @Override
  public String phrase() {
    return person.phrase();
  }

  @Override
  public Optional<Consent> consent() {
    return person.consent();
  }

  @Override
  public GuidedPerson withConsent(Consent consent) {
    return new GuidedPerson(person.withConsent(consent), guidedAdapter);
  }
}
