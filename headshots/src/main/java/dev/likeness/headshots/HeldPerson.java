package dev.likeness.headshots;

import dev.likeness.diffusion.adapt.Adapter;
import dev.likeness.diffusion.adapt.Identity;
import dev.likeness.ipadapter.face.FaceGuidance;
import dev.likeness.lora.TrainedPerson;
import java.util.Optional;

/**
 * A person drawn as they are known and, beside that, held to their face.
 *
 * @param own as they are known
 * @param face what holds them
 */
record HeldPerson(Identity own, Identity face) implements Identity {
  /** {@code person} held to what is kept of their face; as they are where nothing is, or of another embedder. */
  static Identity of(Identity person, FaceGuidance guidance) {
    return faces(person).filter(kept -> kept.embedder().equals(guidance.embedder().name()))
        .<Identity>map(kept -> new HeldPerson(person, guidance.towards(kept.vectors()))).orElse(person);
  }

  private static Optional<FaceReferences> faces(Identity person) {
    if (person instanceof ShownPerson shown) {
      return Optional.ofNullable(shown.faces());
    }
    return person instanceof TrainedPerson learnt ? FaceReferences.guiding(learnt) : Optional.empty();
  }

  @Override
  public Adapter at(double likeness) {
    return own.at(likeness).and(face.at(likeness));
  }

  @Override
  public String phrase() {
    return own.phrase();
  }
}
