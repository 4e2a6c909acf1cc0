package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.ConsentException;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
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
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Generates headshots of persons on one base model, and trains persons with its
 * {@link PersonTrainer}. The studio never changes the base, and the caller closes the base.
 * Immutable and thread-safe.
 */
public final class HeadshotStudio extends StudioSettings {
  HeadshotStudio(
      BaseModel base,
      PersonTrainer trainer,
      Upscaler upscaler,
      Optional<FaceGuidance> guidance,
      Optional<FaceDetector> detector,
      Consumer<Headshot> onHeadshot) {
    super(base, trainer, upscaler, guidance, detector, onHeadshot);
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
        headshot -> {});
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
   * throws the exceptions of {@link PersonTrainer#train(TrainingRequest, Progress, Cancellation)}.
   *
   * @param review the reviewed photos
   * @param consent the person's consent; it must cover training
   */
  public TrainedPerson train(PhotoReview review, Consent consent) {
    return train(review, consent, Progress.SILENT, new Cancellation());
  }

  /**
   * {@return a person with a LoRA, trained on the accepted photos; the caller closes the person}
   * This method throws the exceptions of {@link PersonTrainer#train(TrainingRequest, Progress,
   * Cancellation)}. The call cannot be cancelled.
   *
   * @param review the reviewed photos
   * @param consent the person's consent; it must cover training
   * @param progress gets phases, steps and notices, and a last event: done, cancelled or failed
   */
  public TrainedPerson train(PhotoReview review, Consent consent, Progress progress) {
    return train(review, consent, progress, new Cancellation());
  }

  /**
   * {@return a person with a LoRA, trained on the accepted photos; the caller closes the person}
   * This method throws the exceptions of {@link PersonTrainer#train(TrainingRequest, Progress,
   * Cancellation)}. To give known traits or to resume a training, use {@link #trainer()}.
   *
   * @param review the reviewed photos
   * @param consent the person's consent; it must cover training
   * @param progress gets phases, steps and notices, and a last event: done, cancelled or failed
   * @param cancellation stops the training within a step
   */
  public TrainedPerson train(
      PhotoReview review, Consent consent, Progress progress, Cancellation cancellation) {
    return trainer.train(TrainingRequest.of(review, consent), progress, cancellation);
  }

  /**
   * {@return new headshots in one style} The call reports no progress and cannot be cancelled. It
   * throws the exceptions of {@link #shoot(Identity, ShootRequest, Progress, Cancellation)}.
   *
   * @param person the person; the consent must cover headshots
   * @param style the style
   * @param count the number of headshots, at least 1
   */
  public Shoot shoot(Identity person, Style style, int count) {
    return shoot(person, ShootRequest.of(style, count));
  }

  /**
   * {@return new headshots} The call reports no progress and cannot be cancelled. It throws the
   * exceptions of {@link #shoot(Identity, ShootRequest, Progress, Cancellation)}.
   *
   * @param person the person; the consent must cover headshots
   * @param request the request
   */
  public Shoot shoot(Identity person, ShootRequest request) {
    return shoot(person, request, Progress.SILENT, new Cancellation());
  }

  /**
   * {@return new headshots} The call reports progress but cannot be cancelled. It throws the
   * exceptions of {@link #shoot(Identity, ShootRequest, Progress, Cancellation)}.
   *
   * @param person the person; the consent must cover headshots
   * @param request the request
   * @param progress gets phases, steps and notices, and a last event: done, cancelled or failed
   */
  public Shoot shoot(Identity person, ShootRequest request, Progress progress) {
    return shoot(person, request, progress, new Cancellation());
  }

  /**
   * Generates headshots.
   *
   * @param person the person
   * @param request the request
   * @param progress gets phases, steps and notices, and a last event: done, cancelled or failed
   * @param cancellation stops the shoot within a step
   * @return the headshots
   * @throws ConsentException if the person's consent is unknown or does not cover headshots
   * @throws dev.likeness.diffusion.error.InvalidInputException if the base cannot serve the request
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public Shoot shoot(
      Identity person, ShootRequest request, Progress progress, Cancellation cancellation) {
    return progress.reportOutcome(() -> new HeadshotGenerator(
            base, withFaceGuidance(Consent.require(person, Purpose.HEADSHOTS)), request, upscaler)
        .generate(onHeadshot, withoutTerminalEvents(progress), cancellation));
  }

  /**
   * {@return the headshot with its face generated again} The call cannot be cancelled. It throws
   * the exceptions of {@link #regenerateFace(Identity, Headshot, Face, double, Cancellation)}.
   *
   * @param person the person; the consent must cover headshots
   * @param headshot the headshot
   * @param face the face in pixels of the headshot
   * @param strength denoising strength, 0 (least change) to 1 (starts from noise)
   */
  public Headshot regenerateFace(Identity person, Headshot headshot, Face face, double strength) {
    return regenerateFace(person, headshot, face, strength, new Cancellation());
  }

  /**
   * {@return the headshot with its face generated again} The face is generated at the base's own
   * size or larger, in at least one step.
   *
   * @param person the person
   * @param headshot the headshot
   * @param face the face in pixels of the headshot
   * @param strength denoising strength, 0 (least change) to 1 (starts from noise)
   * @param cancellation stops within a step
   * @throws IllegalArgumentException if the strength is above 1, or the person's adapter has a mask
   * @throws ConsentException if the person's consent is unknown or does not cover headshots
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public Headshot regenerateFace(
      Identity person, Headshot headshot, Face face, double strength, Cancellation cancellation) {
    Identity guided = withFaceGuidance(Consent.require(person, Purpose.HEADSHOTS));
    return FaceDetailer.regenerate(
        base,
        guided.at(headshot.identityStrength()),
        upscaler,
        headshot,
        face,
        strength,
        cancellation);
  }

  /**
   * {@return the headshot before and after an edit} The call reports no progress. It throws the
   * exceptions of {@link #edit(Identity, Headshot, HeadshotEdit, Progress, Cancellation)}.
   *
   * @param person the person; the consent must cover headshots
   * @param headshot the headshot
   * @param edit the changes
   */
  public HeadshotEdit.Result edit(Identity person, Headshot headshot, HeadshotEdit edit) {
    return edit(person, headshot, edit, Progress.SILENT, new Cancellation());
  }

  /**
   * Generates some parts of a headshot again. Other pixels stay the same, with the exceptions that
   * {@link HeadshotEdit} lists. Without a mask, the face {@link #detector} locates the parts.
   *
   * @param person the person
   * @param headshot the headshot
   * @param edit the changes
   * @param progress gets phases, steps and notices, and a last event: done, cancelled or failed
   * @param cancellation stops within a step
   * @return the headshot before and after the edit
   * @throws ConsentException if the person's consent is unknown or does not cover headshots
   * @throws dev.likeness.diffusion.error.InvalidInputException if parts are edited without a mask
   *     and no face is found, if the mask has another size than the headshot, or if the extended
   *     headshot has more than 4096 pixels on a side
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public HeadshotEdit.Result edit(
      Identity person,
      Headshot headshot,
      HeadshotEdit edit,
      Progress progress,
      Cancellation cancellation) {
    return progress.reportOutcome(() -> {
      Identity guided = withFaceGuidance(Consent.require(person, Purpose.HEADSHOTS));
      return withDetector(detector -> new HeadshotEditor(base, guided, detector, upscaler)
          .edit(headshot, edit, withoutTerminalEvents(progress), cancellation));
    });
  }

  /**
   * {@return a measure of prompt adherence; the caller closes it} It uses the base's photo reader,
   * a network that recognises hair, clothes, light and backdrop in images.
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
}
