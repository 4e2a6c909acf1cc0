package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.headshots.internal.generation.FaceDetailer;
import dev.likeness.headshots.internal.generation.HeadshotEditor;
import dev.likeness.headshots.internal.generation.HeadshotGenerator;
import dev.likeness.headshots.internal.generation.TiledUpscale;
import dev.likeness.headshots.person.GuidedPerson;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.shoot.Upscaler;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Generates headshots of persons on one base model, and trains the persons by its
 * {@link PersonTrainer}. The base is never changed and stays its caller's to close. Immutable and
 * shared by threads.
 */
public final class HeadshotStudio {
  private final BaseModel base;
  private final PersonTrainer trainer;
  private final Upscaler upscaler;
  private final Optional<FaceGuidance> guidance;
  private final Consumer<Headshot> onHeadshot;

  private HeadshotStudio(
      BaseModel base,
      PersonTrainer trainer,
      Upscaler upscaler,
      Optional<FaceGuidance> guidance,
      Consumer<Headshot> onHeadshot) {
    this.base = base;
    this.trainer = trainer;
    this.upscaler = upscaler;
    this.guidance = guidance;
    this.onHeadshot = onHeadshot;
  }

  /** A studio with the settings of {@link PersonTrainer#on} and without face guidance. */
  public static HeadshotStudio on(BaseModel base) {
    return new HeadshotStudio(
        base, PersonTrainer.on(base), Upscaler.CUBIC, Optional.empty(), headshot -> {});
  }

  private HeadshotStudio trainer(PersonTrainer other) {
    return new HeadshotStudio(base, other, upscaler, guidance, onHeadshot);
  }

  /** Trains persons with the settings of this studio. */
  public PersonTrainer trainer() {
    return trainer;
  }

  /** The same studio with {@linkplain PersonTrainer#settings(LoraTraining) other settings}. */
  public HeadshotStudio training(LoraTraining settings) {
    return trainer(trainer.settings(settings));
  }

  /** The same studio with {@linkplain PersonTrainer#embedder face embeddings in person files}. */
  public HeadshotStudio embedder(FaceEmbedder other) {
    return trainer(trainer.embedder(other));
  }

  /** The same studio with {@linkplain PersonTrainer#validation validation by likeness}. */
  public HeadshotStudio validation(int interval, FaceEmbedder eye) {
    return trainer(trainer.validation(interval, eye));
  }

  /**
   * The same studio with another upscaler. Headshots above 1.5 times the base's own size are
   * enlarged by it, and details are generated over the result.
   */
  public HeadshotStudio upscaler(Upscaler other) {
    return new HeadshotStudio(base, trainer, other, guidance, onHeadshot);
  }

  /**
   * The same studio with face guidance: sampling is steered so that generated faces match the
   * person. It applies to persons trained or encoded by this studio, and to person files made so.
   * Each image takes four to five times as long.
   *
   * @param other stays the caller's to close; null for no face guidance
   */
  public HeadshotStudio faceGuidance(FaceGuidance other) {
    Optional<FaceGuidance> given = Optional.ofNullable(other);
    return new HeadshotStudio(base, trainer.faceGuidance(given), upscaler, given, onHeadshot);
  }

  /**
   * The same studio with another listener, which gets each headshot of a shoot as soon as it is
   * generated, on the generating thread. So a cancelled or failed shoot still hands out what it
   * finished.
   */
  public HeadshotStudio onHeadshot(Consumer<Headshot> listener) {
    return new HeadshotStudio(base, trainer, upscaler, guidance, onHeadshot.andThen(listener));
  }

  /**
   * Refuses a request that the base cannot serve, before a person is trained for it.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if a style is for other bases, or
   *     the base cannot generate the size or sample in the steps
   */
  public void validate(ShootRequest request) {
    HeadshotGenerator.requireCompatible(request, base);
  }

  /** Whether the images of a request are so large that {@link #upscaler} takes part. */
  public boolean needsUpscaling(ShootRequest request) {
    return TiledUpscale.isNeeded(base, request.size());
  }

  /**
   * Estimates the memory of a request in bytes: its images included, the networks that all shoots
   * share excluded, except for the autoencoder's weights.
   */
  public long memoryBytes(ShootRequest request) {
    return HeadshotGenerator.memoryBytes(request, base);
  }

  /**
   * Reviews a person's photos with the built-in tools.
   *
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover reviewing
   */
  public static PhotoReview review(PhotoSet photos, Consent consent) {
    Consent.require(consent, Purpose.INTAKE);
    return PhotoReview.of(photos);
  }

  /**
   * Trains a LoRA of the person in the accepted photos, without progress and cancellation.
   *
   * @return the person; the caller closes it
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training
   * @see PersonTrainer#train
   */
  public TrainedPerson train(PhotoReview review, Consent consent) {
    return trainer.train(
        review, consent, PersonProfile.UNKNOWN, null, Progress.SILENT, new Cancellation());
  }

  /** Generates {@code count} headshots in one style, without progress and cancellation. */
  public Shoot shoot(Identity person, Style style, int count) {
    return shoot(person, ShootRequest.of(style, count));
  }

  /** Generates headshots without progress and cancellation. */
  public Shoot shoot(Identity person, ShootRequest request) {
    return shoot(person, request, Progress.SILENT, new Cancellation());
  }

  /**
   * Generates headshots.
   *
   * @throws dev.likeness.diffusion.ConsentException if the person's consent is unknown or does not
   *     cover headshots
   * @throws dev.likeness.diffusion.error.CancelledException within a step of {@code cancellation}
   */
  public Shoot shoot(
      Identity person, ShootRequest request, Progress progress, Cancellation cancellation) {
    return progress.reportOutcome(() -> new HeadshotGenerator(
            base, withFaceGuidance(Consent.require(person, Purpose.HEADSHOTS)), request, upscaler)
        .generate(onHeadshot, Phases.withoutTerminalEvents(progress), cancellation));
  }

  /**
   * The same headshot with its face generated again at the base's own size or larger, and blended
   * in.
   *
   * @param face the face in pixels of the headshot
   * @param strength denoising strength, 0 to 1: 0 keeps the face, 1 starts from noise
   * @throws dev.likeness.diffusion.ConsentException if the person's consent is unknown or does not
   *     cover headshots
   */
  public Headshot regenerateFace(
      Identity person, Headshot headshot, Face face, double strength, Cancellation cancellation) {
    Consent.require(person, Purpose.HEADSHOTS);
    return FaceDetailer.regenerate(
        base,
        withFaceGuidance(person).at(headshot.likeness()),
        upscaler,
        headshot,
        face,
        strength,
        cancellation);
  }

  /**
   * The same headshot with some parts generated again. Pixels that the edit keeps stay exactly the
   * same.
   *
   * @param detector finds the face that parts are located by; stays the caller's
   * @throws dev.likeness.diffusion.ConsentException if the person's consent is unknown or does not
   *     cover headshots
   * @throws dev.likeness.diffusion.error.InvalidInputException if there is neither a mask nor a
   *     detected face, or if the mask has another size than the headshot
   * @throws dev.likeness.diffusion.error.CancelledException within a step of {@code cancellation}
   */
  public HeadshotEdit.Result edit(
      Identity person,
      Headshot headshot,
      HeadshotEdit edit,
      FaceDetector detector,
      Progress progress,
      Cancellation cancellation) {
    return progress.reportOutcome(() -> new HeadshotEditor(
            base, withFaceGuidance(Consent.require(person, Purpose.HEADSHOTS)), detector, upscaler)
        .edit(headshot, edit, Phases.withoutTerminalEvents(progress), cancellation));
  }

  /** Opens a measure of how clearly headshots show what was asked; the caller closes it. */
  public PromptAdherence promptAdherence() {
    return PromptAdherence.measure(base);
  }

  /** Whether face guidance applies to headshots of this person here. */
  public boolean usesFaceGuidance(Identity person) {
    return withFaceGuidance(person) != person;
  }

  /**
   * Measures likeness to the face embeddings that face guidance follows; empty without face
   * guidance. The embedder took part in generation and flatters: rank images by it, do not judge
   * them.
   *
   * @param detector finds the faces; stays the caller's
   */
  public Optional<Likeness> guidanceLikeness(Identity person, FaceDetector detector) {
    return guidance.flatMap(by -> GuidedPerson.likeness(person, by, detector));
  }

  /** The person with face guidance, if this studio has it and the person's embeddings are known. */
  public Identity withFaceGuidance(Identity person) {
    return guidance.map(by -> GuidedPerson.of(person, by)).orElse(person);
  }
}
