package dev.likeness.headshots;

import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.adapt.Adapter;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.ipadapter.ImagePrompt;
import dev.likeness.ipadapter.face.FaceGuidance;
import dev.likeness.lora.LoraWeight;
import dev.likeness.lora.TrainedPerson;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A person drawn as they are known and, beside that, held to their face; who was learnt is shown to the base's own adapter, too, a
 * little, by what their file keeps of the face.
 *
 * @param own as they are known
 * @param held the same and held, at a likeness setting
 */
record HeldPerson(Identity own, DoubleFunction<Adapter> held) implements Identity {
  /**
   * How much of a LoRA: what holds the face leaves less to it, and the rest of a LoRA brings along what selfies look like, so
   * that fewer of the asked words are drawn.
   */
  static final double LEARNT = 0.4;
  /** How much in the first of the steps, which settle hair and outline: what holds the face does not bring these back. */
  private static final double EARLY = 0.8;
  /** The share of the steps after which they are settled. */
  private static final double SETTLED = 0.2;

  /** {@code person} held to what is kept of their face; as they are where nothing is, or of another embedder. */
  static Identity of(Identity person, FaceGuidance guidance) {
    return faces(person, kept -> kept.embedder().equals(guidance.embedder().name()))
        .<Identity>map(kept -> new HeldPerson(person, held(person, kept.vectors(), guidance))).orElse(person);
  }

  private static Optional<FaceReferences> faces(Identity person, Predicate<FaceReferences> fits) {
    if (person instanceof ShownPerson shown) {
      // Who was learnt, too, may have been learnt from more photos than are shown.
      return Stream.of(Optional.ofNullable(shown.learnt()).flatMap(FaceReferences::guiding), Optional.ofNullable(shown.faces()))
          .flatMap(Optional::stream).filter(fits).max(Comparator.comparingInt(faces -> faces.vectors().size()));
    }
    return person instanceof TrainedPerson learnt ? FaceReferences.guiding(learnt).filter(fits) : Optional.empty();
  }

  private static DoubleFunction<Adapter> held(Identity person, List<float[]> faces, FaceGuidance guidance) {
    Identity face = guidance.towards(faces);
    if (person instanceof ShownPerson shown) {
      LikenessDial dial = shown.dial().equals(LikenessDial.UNMEASURED) ? LikenessDial.HELD : shown.dial();
      return likeness -> {
        LikenessDial.Setting setting = dial.at(likeness, shown.learnt() != null);
        return shown.at(setting, HeldPerson::course).and(face.at(setting.face()));
      };
    }
    TrainedPerson learnt = (TrainedPerson) person;
    Optional<ImagePrompt> shown = guidance.shown(faces);
    return likeness -> {
      Adapter lora = learnt.lora().at(course(LEARNT * likeness));
      return shown.map(prompt -> lora.and(prompt.at(LikenessDial.BESIDE_HELD * likeness))).orElse(lora).and(face.at(likeness));
    };
  }

  /**
   * Twice a weight in the first steps, but no more than {@link #EARLY} unless it is more by itself. Text is encoded once, at the
   * first step's weight: there the LoRA counts as it does later, so that words are read as before.
   */
  private static LoraWeight course(double lora) {
    double early = Math.max(1, Math.min(EARLY / LEARNT, EARLY / lora));
    LoraWeight weight = LoraWeight.of(lora).overSteps(done -> done < SETTLED ? early : 1);
    for (Part part : List.of(Part.TEXT_ENCODER, Part.TEXT_ENCODER_2, Part.TEXT_ENCODER_3)) {
      weight = weight.block(part.folder(), 1 / early);
    }
    return weight;
  }

  @Override
  public Adapter at(double likeness) {
    return held.apply(likeness);
  }

  @Override
  public String phrase() {
    return own.phrase();
  }
}
