package dev.likeness.headshots.person;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
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
    implements Identity {
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
    KnownPerson known = KnownPerson.of(person);
    return known
        .faces(guidance)
        .<Identity>map(kept -> new GuidedPerson(person, known.guided(kept.vectors(), guidance)))
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
    return KnownPerson.of(person)
        .faces(guidance)
        .map(kept -> kept.likeness(detector, guidance.embedder()));
  }

  @Override
  public Adapter at(double identityStrength) {
    return guidedAdapter.apply(identityStrength);
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
