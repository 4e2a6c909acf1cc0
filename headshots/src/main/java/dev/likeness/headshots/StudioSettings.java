package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.person.GuidedPerson;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.Upscaler;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/** The settings of a {@link HeadshotStudio}. Immutable. */
abstract class StudioSettings {
  final BaseModel base;
  final PersonTrainer trainer;
  final Upscaler upscaler;
  final Optional<FaceGuidance> guidance;
  final Optional<FaceDetector> detector;
  final Consumer<Headshot> onHeadshot;

  StudioSettings(
      BaseModel base,
      PersonTrainer trainer,
      Upscaler upscaler,
      Optional<FaceGuidance> guidance,
      Optional<FaceDetector> detector,
      Consumer<Headshot> onHeadshot) {
    this.base = base;
    this.trainer = trainer;
    this.upscaler = upscaler;
    this.guidance = guidance;
    this.detector = detector;
    this.onHeadshot = onHeadshot;
  }

  /**
   * {@return a copy of this studio with the given trainer} If the studio has face guidance, the
   * trainer also saves the face embeddings for face guidance in each person's file.
   *
   * @param other a trainer for the same base
   * @throws IllegalArgumentException if the trainer's embedder, which measures likeness, is also an
   *     embedder of the studio's face guidance
   */
  public HeadshotStudio trainer(PersonTrainer other) {
    return new HeadshotStudio(
        base, other.faceGuidance(guidance), upscaler, guidance, detector, onHeadshot);
  }

  /** {@return the trainer of this studio, with its settings} */
  public PersonTrainer trainer() {
    return trainer;
  }

  /**
   * {@return a copy of this studio with the given {@linkplain PersonTrainer#settings training
   * settings}}
   *
   * @param settings the settings
   */
  public HeadshotStudio training(LoraTraining settings) {
    return trainer(trainer.settings(settings));
  }

  /**
   * {@return a copy of this studio whose trainer keeps {@linkplain PersonTrainer#embedder face
   * embeddings} in each person's file} Likeness can then be measured without the photos.
   *
   * @param other the embedder; the caller closes it
   * @throws IllegalArgumentException if this embedder, which measures likeness, is also an embedder
   *     of the studio's face guidance
   */
  public HeadshotStudio embedder(FaceEmbedder other) {
    return trainer(trainer.embedder(other));
  }

  /**
   * {@return a copy of this studio with {@linkplain PersonTrainer#validation validation by
   * likeness}} During a training, generated headshots are compared with photos that are held out.
   *
   * @param interval training steps between two validations, at least 1
   * @param embedder compares faces; the caller closes it
   * @throws IllegalArgumentException if the interval is below 1
   */
  public HeadshotStudio validation(int interval, FaceEmbedder embedder) {
    return trainer(trainer.validation(interval, embedder));
  }

  /**
   * {@return a copy of this studio with the given upscaler} If a request asks for more than 1.5
   * times the base's own size, the upscaler enlarges the headshots. The base then adds details by
   * image-to-image.
   *
   * @param other the upscaler; the default is {@link Upscaler#CUBIC}
   */
  public HeadshotStudio upscaler(Upscaler other) {
    return new HeadshotStudio(base, trainer, other, guidance, detector, onHeadshot);
  }

  /**
   * {@return a copy of this studio with face guidance: the gradient of the face's similarity steers
   * sampling, so that generated faces match the person} Face guidance applies to persons that the
   * new studio trained or encoded, even after they were saved and opened again. Each image takes
   * four to five times as long as without face guidance.
   *
   * @param other the face guidance, which the caller closes
   * @throws IllegalArgumentException if one of its embedders is also the {@link #embedder}, which
   *     measures likeness
   */
  public HeadshotStudio faceGuidance(FaceGuidance other) {
    return withGuidance(Optional.of(other));
  }

  /** {@return a copy of this studio without face guidance} */
  public HeadshotStudio withoutFaceGuidance() {
    return withGuidance(Optional.empty());
  }

  private HeadshotStudio withGuidance(Optional<FaceGuidance> given) {
    return new HeadshotStudio(
        base, trainer.faceGuidance(given), upscaler, given, detector, onHeadshot);
  }

  /**
   * {@return a copy of this studio with one more listener} The generating thread calls the listener
   * as soon as a headshot is generated, even if the shoot fails or is cancelled later.
   *
   * @param listener gets the headshots
   */
  public HeadshotStudio onHeadshot(Consumer<Headshot> listener) {
    return new HeadshotStudio(
        base, trainer, upscaler, guidance, detector, onHeadshot.andThen(listener));
  }

  /**
   * {@return a copy of this studio with the given face detector} It finds faces in photos to review
   * and in headshots to edit. Without this setting, the studio uses OpenCV's built-in detector.
   *
   * @param other the face detector; the caller closes it after the last use of the studio
   */
  public HeadshotStudio detector(FaceDetector other) {
    return new HeadshotStudio(base, trainer, upscaler, guidance, Optional.of(other), onHeadshot);
  }

  /**
   * {@return true if the studio has face guidance, and the person has face embeddings for it}
   *
   * @param person the person
   */
  public boolean usesFaceGuidance(Identity person) {
    return withFaceGuidance(person) != person;
  }

  /**
   * {@return the person with face guidance; {@code person} itself if the studio has no face
   * guidance or the person has no face embeddings for it}
   *
   * @param person the person
   */
  public Identity withFaceGuidance(Identity person) {
    return guidance.map(by -> GuidedPerson.of(person, by)).orElse(person);
  }

  <T> T withDetector(Function<FaceDetector, T> work) {
    if (detector.isPresent()) {
      return work.apply(detector.get());
    }
    try (FaceDetector builtIn = new CascadeDetector()) {
      return work.apply(builtIn);
    }
  }

  /**
   * The progress of one part of a larger work. Phases and steps are passed on, each notice only
   * once. Terminal events are dropped, because the larger work reports its own.
   */
  static Progress withoutTerminalEvents(Progress whole) {
    Set<ProgressEvent> seen = new HashSet<>();
    return event -> {
      if (!event.isTerminal() && !(event instanceof ProgressEvent.Notice && !seen.add(event))) {
        whole.onEvent(event);
      }
    };
  }
}
