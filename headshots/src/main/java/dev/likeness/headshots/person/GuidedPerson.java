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
 * A person drawn as they are known and, beside that, held to their face; who was learnt is shown to
 * the base's own adapter, too, a little, by what their file keeps of the face.
 *
 * @param person as they are known
 * @param guidedAdapter the same and held, at a likeness setting
 */
public record GuidedPerson(Identity person, DoubleFunction<Adapter> guidedAdapter)
    implements Identity {
  /**
   * How much of a LoRA: what holds the face leaves less to it, and the rest of a LoRA brings along
   * what selfies look like, so that fewer of the asked words are drawn.
   */
  static final double LORA_SHARE = 0.4;

  /**
   * {@code person} held to what is kept of their face; as they are where nothing is, or of another
   * embedder.
   */
  public static Identity of(Identity person, FaceGuidance guidance) {
    KnownPerson known = KnownPerson.of(person);
    return known
        .faces(guidance)
        .<Identity>map(kept -> new GuidedPerson(person, known.held(kept.vectors(), guidance)))
        .orElse(person);
  }

  /** How like {@code person} images are to what holds their face; empty where nothing does. */
  public static Optional<Likeness> likeness(
      Identity person, FaceGuidance guidance, FaceDetector detector) {
    return KnownPerson.of(person)
        .faces(guidance)
        .map(kept -> kept.likeness(detector, guidance.embedder()));
  }

  @Override
  public Adapter at(double likeness) {
    return guidedAdapter.apply(likeness);
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
