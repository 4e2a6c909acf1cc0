package dev.likeness.headshots.person;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A person drawn as they are known and, beside that, held to their face; who was learnt is shown to
 * the base's own adapter, too, a little, by what their file keeps of the face.
 *
 * @param own as they are known
 * @param held the same and held, at a likeness setting
 */
public record GuidedPerson(Identity own, DoubleFunction<Adapter> held) implements Identity {
  /**
   * How much of a LoRA: what holds the face leaves less to it, and the rest of a LoRA brings along
   * what selfies look like, so that fewer of the asked words are drawn.
   */
  static final double LEARNT = 0.4;

  /**
   * {@code person} held to what is kept of their face; as they are where nothing is, or of another
   * embedder.
   */
  public static Identity of(Identity person, FaceGuidance guidance) {
    return faces(person, kept -> kept.embedder().equals(guidance.embedder().name()))
        .<Identity>map(kept -> new GuidedPerson(person, held(person, kept.vectors(), guidance)))
        .orElse(person);
  }

  /** How like {@code person} pictures are to what holds their face; empty where nothing does. */
  public static Optional<Likeness> likeness(
      Identity person, FaceGuidance guidance, FaceDetector detector) {
    return faces(person, kept -> kept.embedder().equals(guidance.embedder().name()))
        .map(kept -> kept.likeness(detector, guidance.embedder()));
  }

  private static Optional<FaceEmbeddings> faces(Identity person, Predicate<FaceEmbeddings> fits) {
    if (person instanceof ReferencePerson shown) {
      // Who was learnt, too, may have been learnt from more photos than are shown.
      return Stream.of(
              Optional.ofNullable(shown.learnt()).flatMap(FaceEmbeddings::guiding), shown.faces())
          .flatMap(Optional::stream)
          .filter(fits)
          .max(Comparator.comparingInt(faces -> faces.vectors().size()));
    }
    return person instanceof TrainedPerson learnt
        ? FaceEmbeddings.guiding(learnt).filter(fits)
        : Optional.empty();
  }

  private static DoubleFunction<Adapter> held(
      Identity person, List<float[]> faces, FaceGuidance guidance) {
    Identity face = guidance.towards(faces);
    if (person instanceof ReferencePerson shown) {
      IdentityStrength dial =
          shown.dial().equals(IdentityStrength.UNMEASURED) ? IdentityStrength.HELD : shown.dial();
      return likeness -> {
        IdentityStrength.Setting setting = dial.at(likeness, shown.learnt() != null);
        return shown.at(setting).and(face.at(setting.face()));
      };
    }
    TrainedPerson learnt = (TrainedPerson) person;
    Optional<ImagePrompt> shown = guidance.shown(faces);
    return likeness -> {
      Adapter lora = learnt.lora().at(LEARNT * likeness);
      return shown
          .map(prompt -> lora.and(prompt.at(IdentityStrength.BESIDE_HELD * likeness)))
          .orElse(lora)
          .and(face.at(likeness));
    };
  }

  @Override
  public Adapter at(double likeness) {
    return held.apply(likeness);
  }

  @Override
  public String phrase() {
    return own.phrase();
  }

  @Override
  public Optional<Consent> consent() {
    return own.consent();
  }

  @Override
  public GuidedPerson withConsent(Consent consent) {
    return new GuidedPerson(own.withConsent(consent), held);
  }
}
