package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.ConsentException;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.PreviewDecoder;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.internal.generation.HeadshotEditor;
import dev.likeness.headshots.internal.generation.HeadshotGenerator;
import dev.likeness.headshots.internal.generation.Inpainting.FaceDetailer;
import dev.likeness.headshots.internal.generation.TiledUpscale;
import dev.likeness.headshots.person.GuidedPerson;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.shoot.Upscaler;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Generates headshots of persons on one base model, and trains persons with its
 * {@link PersonTrainer}. The studio never changes the base, and the caller closes the base.
 * Immutable and thread-safe.
 */
public final class HeadshotStudio {
  final BaseModel base;
  final PersonTrainer trainer;
  final Upscaler upscaler;
  final Optional<FaceGuidance> guidance;
  final Optional<FaceDetector> detector;
  final Consumer<Headshot> onHeadshot;
  final UnaryOperator<ImageRequest> watched;

  HeadshotStudio(
      BaseModel base,
      PersonTrainer trainer,
      Upscaler upscaler,
      Optional<FaceGuidance> guidance,
      Optional<FaceDetector> detector,
      Consumer<Headshot> onHeadshot,
      UnaryOperator<ImageRequest> watched) {
    this.base = base;
    this.trainer = trainer;
    this.upscaler = upscaler;
    this.guidance = guidance;
    this.detector = detector;
    this.onHeadshot = onHeadshot;
    this.watched = watched;
    guidance.ifPresent(by -> trainer.embedder().ifPresent(by::requireIndependent));
  }

  /**
   * {@return a studio with the trainer of {@link PersonTrainer#on} and without face guidance}
   *
   * @param base the base model; the caller closes it after the last use of the studio
   */
  public static HeadshotStudio on(BaseModel base) {
    return new HeadshotStudio(
        base,
        PersonTrainer.on(base),
        Upscaler.CUBIC,
        Optional.empty(),
        Optional.empty(),
        headshot -> {},
        UnaryOperator.identity());
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
        base, other.faceGuidance(guidance), upscaler, guidance, detector, onHeadshot, watched);
  }

  /** {@return the trainer of this studio, with its settings} */
  public PersonTrainer trainer() {
    return trainer;
  }

  /**
   * {@return a copy of this studio with the given
   * {@linkplain PersonTrainer#settings(TrainingSettings) training settings}}
   *
   * @param settings the settings
   */
  public HeadshotStudio training(TrainingSettings settings) {
    return trainer(trainer.settings(settings));
  }

  /**
   * {@return a copy of this studio with {@linkplain PersonTrainer#settings(UnaryOperator) changed
   * training settings}}
   *
   * @param change returns the changed settings
   */
  public HeadshotStudio training(UnaryOperator<TrainingSettings> change) {
    return trainer(trainer.settings(change));
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
    return new HeadshotStudio(base, trainer, other, guidance, detector, onHeadshot, watched);
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
        base, trainer.faceGuidance(given), upscaler, given, detector, onHeadshot, watched);
  }

  /**
   * {@return a copy of this studio with one more listener} The generating thread calls the listener
   * as soon as a headshot is generated, even if the shoot fails or is cancelled later.
   *
   * @param listener gets the headshots
   */
  public HeadshotStudio onHeadshot(Consumer<Headshot> listener) {
    return new HeadshotStudio(
        base, trainer, upscaler, guidance, detector, onHeadshot.andThen(listener), watched);
  }

  /**
   * {@return a copy of this studio that reports previews of each headshot while it is sampled} The
   * previews show the base's own size, before an upscaler. They do not change the headshots.
   *
   * @param decoder a tiny autoencoder of the base's family; the caller closes it
   * @param every the distance from one preview to the next, in rows of the sampling plan, at least
   *     1
   * @param listener receives the previews, which are personal data, on the preview thread
   * @throws IllegalArgumentException if {@code every} is below 1
   */
  public HeadshotStudio previews(
      PreviewDecoder decoder, int every, PreviewDecoder.Listener listener) {
    if (every < 1) {
      throw new IllegalArgumentException(
          "the preview interval must be at least 1 row of the sampling plan, got " + every);
    }
    return new HeadshotStudio(
        base,
        trainer,
        upscaler,
        guidance,
        detector,
        onHeadshot,
        request -> decoder.attach(request, every, listener));
  }

  /**
   * {@return a copy of this studio with the given face detector} It finds faces in photos to review
   * and in headshots to edit. Without this setting, the studio uses OpenCV's built-in detector.
   *
   * @param other the face detector; the caller closes it after the last use of the studio
   */
  public HeadshotStudio detector(FaceDetector other) {
    return new HeadshotStudio(
        base, trainer, upscaler, guidance, Optional.of(other), onHeadshot, watched);
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

  /**
   * Checks that the base can serve a request's styles, size and steps. Call this before training.
   *
   * @param request the request
   * @throws dev.likeness.diffusion.error.InvalidInputException if the base cannot serve the request
   */
  public void validate(ShootRequest request) {
    HeadshotGenerator.requireCompatible(request, base);
  }

  /**
   * {@return true if a request's images are so large that an {@link #upscaler} enlarges them}
   *
   * @param request the request
   */
  public boolean needsUpscaling(ShootRequest request) {
    return TiledUpscale.isNeeded(base, request.size().orElse(0));
  }

  /**
   * {@return the estimated memory of a shoot in bytes: sampling, the autoencoder and all images}
   * The weights of other networks are not included, because all shoots share them.
   *
   * @param request the request
   */
  public long memoryBytes(ShootRequest request) {
    return HeadshotGenerator.memoryBytes(request, base);
  }

  /**
   * {@return the review of a person's photos by the built-in tools}
   *
   * @param photos the photos
   * @param consent the person's consent
   * @throws ConsentException if the consent does not cover {@link Purpose#INTAKE}
   * @throws dev.likeness.photos.NoUsablePhotoException if every photo is rejected
   */
  public static PhotoReview review(PhotoSet photos, Consent consent) {
    Consent.require(consent, Purpose.INTAKE);
    return PhotoReview.of(photos);
  }

  /**
   * {@return the review of photos by the built-in tools and the studio's {@link #detector} and
   * {@link #embedder}} Without a studio embedder, the one in the base's folder is used. An embedder
   * that was trained on rendered faces is never used. This method checks no consent;
   * {@link #review(PhotoSet, Consent)} does.
   *
   * @param photos the photos
   * @throws dev.likeness.photos.NoUsablePhotoException if every photo is rejected; the exception
   *     contains the review
   */
  public PhotoReview review(PhotoSet photos) {
    try (ReviewTools builtIn = ReviewTools.builtIn()) {
      ReviewTools found = detector.map(builtIn::withDetector).orElse(builtIn);
      ReviewTools tools = trainer
          .embedder()
          .filter(own -> own.isTrainedOnPhotographs())
          .map(found::withEmbedder)
          .orElse(found);
      return PhotoReview.of(photos, base.folder().map(tools::withEmbedderIn).orElse(tools));
    }
  }

  /**
   * {@return a person trained on the accepted photos; the caller closes the person} This method
   * throws the exceptions of {@link PersonTrainer#train(TrainingRequest, Run)}.
   *
   * @param review the reviewed photos
   * @param consent the person's consent; it must cover training
   */
  public LoraPerson train(PhotoReview review, Consent consent) {
    return train(review, consent, Run.silent());
  }

  /**
   * {@return a person with a LoRA, trained on the accepted photos; the caller closes the person}
   * This method throws the exceptions of {@link PersonTrainer#train(TrainingRequest, Run)}. To give
   * known traits or to resume a training, use {@link #trainer()}.
   *
   * @param review the reviewed photos
   * @param consent the person's consent; it must cover training
   * @param run receives progress, and stops the work if it is cancelled
   */
  public LoraPerson train(PhotoReview review, Consent consent, Run run) {
    return trainer.train(TrainingRequest.of(review, consent), run);
  }

  /**
   * {@return new headshots} The call reports no progress and cannot be cancelled. It throws the
   * exceptions of {@link #shoot(Identity, ShootRequest, Run)}.
   *
   * @param person the person; the consent must cover headshots
   * @param request the request
   */
  public Shoot shoot(Identity person, ShootRequest request) {
    return shoot(person, request, Run.silent());
  }

  /**
   * Generates headshots.
   *
   * @param person the person
   * @param request the request
   * @param run receives progress, and stops the work if it is cancelled
   * @return the headshots
   * @throws ConsentException if the person's consent is unknown or does not cover headshots
   * @throws dev.likeness.diffusion.error.InvalidInputException if the base cannot serve the request
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public Shoot shoot(Identity person, ShootRequest request, Run run) {
    return run.report(() -> new HeadshotGenerator(
            base,
            withFaceGuidance(Consent.require(person, Purpose.HEADSHOTS)),
            request,
            upscaler,
            watched)
        .generate(onHeadshot, run.part()));
  }

  /**
   * {@return the headshot with its face generated again} The call reports no progress. It throws
   * the exceptions of {@link #regenerateFace(Identity, Headshot, Face, double, Run)}.
   *
   * @param person the person; the consent must cover headshots
   * @param headshot the headshot
   * @param face the face in pixels of the headshot
   * @param strength denoising strength, 0 (least change) to 1 (starts from noise)
   */
  public Headshot regenerateFace(Identity person, Headshot headshot, Face face, double strength) {
    return regenerateFace(person, headshot, face, strength, Run.silent());
  }

  /**
   * {@return the headshot with its face generated again} The face is generated at the base's own
   * size or larger, in at least one step.
   *
   * @param person the person
   * @param headshot the headshot
   * @param face the face in pixels of the headshot
   * @param strength denoising strength, 0 (least change) to 1 (starts from noise)
   * @param run receives the outcome, and stops the work within a step if it is cancelled
   * @throws IllegalArgumentException if the strength is above 1, or the person's adapter has a mask
   * @throws ConsentException if the person's consent is unknown or does not cover headshots
   * @throws dev.likeness.diffusion.error.CancelledException if the run is cancelled
   */
  public Headshot regenerateFace(
      Identity person, Headshot headshot, Face face, double strength, Run run) {
    Identity guided = withFaceGuidance(Consent.require(person, Purpose.HEADSHOTS));
    return run.report(() -> FaceDetailer.regenerate(
        base,
        guided.at(headshot.identityStrength()),
        upscaler,
        headshot,
        face,
        strength,
        run.cancellation()));
  }

  /**
   * {@return the headshot before and after an edit} The call reports no progress. It throws the
   * exceptions of {@link #edit(Identity, Headshot, HeadshotEdit, Run)}.
   *
   * @param person the person; the consent must cover headshots
   * @param headshot the headshot
   * @param edit the changes
   */
  public HeadshotEdit.Result edit(Identity person, Headshot headshot, HeadshotEdit edit) {
    return edit(person, headshot, edit, Run.silent());
  }

  /**
   * Generates some parts of a headshot again. Other pixels stay the same, with the exceptions that
   * {@link HeadshotEdit} lists. Without a mask, the face {@link #detector} locates the parts.
   *
   * @param person the person
   * @param headshot the headshot
   * @param edit the changes
   * @param run receives progress, and stops the work if it is cancelled
   * @return the headshot before and after the edit
   * @throws ConsentException if the person's consent is unknown or does not cover headshots
   * @throws dev.likeness.diffusion.error.InvalidInputException if parts are edited without a mask
   *     and no face is found, if the mask has another size than the headshot, or if the extended
   *     headshot has more than 4096 pixels on a side
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public HeadshotEdit.Result edit(Identity person, Headshot headshot, HeadshotEdit edit, Run run) {
    return run.report(() -> {
      Identity guided = withFaceGuidance(Consent.require(person, Purpose.HEADSHOTS));
      return withDetector(finder ->
          new HeadshotEditor(base, guided, finder, upscaler).edit(headshot, edit, run.part()));
    });
  }

  /**
   * {@return a measure of prompt adherence; the caller closes it} It uses the base's captioner, a
   * network that recognises hair, clothes, light and backdrop in images.
   */
  public PromptAdherence promptAdherence() {
    return PromptAdherence.measure(base);
  }

  /**
   * {@return a measure of likeness by the embedder of face guidance; empty if the studio has no
   * face guidance or the person has no face embeddings for it} Face guidance raises this likeness,
   * so use the measure only to rank images.
   *
   * @param person the person
   * @param detector finds the faces; the caller closes it
   */
  public Optional<Likeness> guidanceLikeness(Identity person, FaceDetector detector) {
    return guidance.flatMap(by -> GuidedPerson.likeness(person, by, detector));
  }

  <T> T withDetector(Function<FaceDetector, T> work) {
    if (detector.isPresent()) {
      return work.apply(detector.get());
    }
    try (FaceDetector builtIn = new CascadeDetector()) {
      return work.apply(builtIn);
    }
  }
}
