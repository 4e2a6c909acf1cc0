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
 * Generates headshots of persons on one base model, and trains persons with its
 * {@link PersonTrainer}. The studio never changes the base, and the caller closes it. Immutable and
 * thread-safe.
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

  /**
   * Creates a studio with the settings of {@link PersonTrainer#on} and without face guidance.
   *
   * @param base the base model; the caller closes it after the last use of the studio
   * @return the studio
   */
  public static HeadshotStudio on(BaseModel base) {
    return new HeadshotStudio(
        base, PersonTrainer.on(base), Upscaler.CUBIC, Optional.empty(), headshot -> {});
  }

  private HeadshotStudio trainer(PersonTrainer other) {
    return new HeadshotStudio(base, other, upscaler, guidance, onHeadshot);
  }

  /** {@return the trainer of this studio, with its settings} */
  public PersonTrainer trainer() {
    return trainer;
  }

  /**
   * The same studio with {@linkplain PersonTrainer#settings(LoraTraining) other training settings}.
   *
   * @param settings the settings
   * @return the new studio
   */
  public HeadshotStudio training(LoraTraining settings) {
    return trainer(trainer.settings(settings));
  }

  /**
   * The same studio with {@linkplain PersonTrainer#embedder face embeddings in person files}.
   *
   * @param other the embedder; the caller closes it
   * @return the new studio
   */
  public HeadshotStudio embedder(FaceEmbedder other) {
    return trainer(trainer.embedder(other));
  }

  /**
   * The same studio with {@linkplain PersonTrainer#validation validation by likeness}.
   *
   * @param interval training steps between two validations, at least 1
   * @param embedder compares faces; the caller closes it
   * @return the new studio
   */
  public HeadshotStudio validation(int interval, FaceEmbedder embedder) {
    return trainer(trainer.validation(interval, embedder));
  }

  /**
   * The same studio with another upscaler. It enlarges headshots above 1.5 times the base's own
   * size, and the base then adds details by image-to-image.
   *
   * @param other the upscaler
   * @return the new studio
   */
  public HeadshotStudio upscaler(Upscaler other) {
    return new HeadshotStudio(base, trainer, other, guidance, onHeadshot);
  }

  /**
   * The same studio with face guidance: the gradient of the face's similarity steers sampling, so
   * that generated faces match the person. It applies to persons that this studio trained or
   * encoded, and to their files. Each image takes four to five times as long.
   *
   * @param other the face guidance, which the caller closes; null for none
   * @return the new studio
   */
  public HeadshotStudio faceGuidance(FaceGuidance other) {
    Optional<FaceGuidance> given = Optional.ofNullable(other);
    return new HeadshotStudio(base, trainer.faceGuidance(given), upscaler, given, onHeadshot);
  }

  /**
   * The same studio with one more listener. It gets each headshot of a shoot as soon as it is
   * generated, on the generating thread. So the finished headshots of a cancelled or failed shoot
   * are not lost.
   *
   * @param listener gets the headshots
   * @return the new studio
   */
  public HeadshotStudio onHeadshot(Consumer<Headshot> listener) {
    return new HeadshotStudio(base, trainer, upscaler, guidance, onHeadshot.andThen(listener));
  }

  /**
   * Checks that the base can serve a request. Call it before a person is trained for the request.
   *
   * @param request the request
   * @throws dev.likeness.diffusion.error.InvalidInputException if a style is for other bases, or
   *     the base cannot generate the size or sample in the steps
   */
  public void validate(ShootRequest request) {
    HeadshotGenerator.requireCompatible(request, base);
  }

  /**
   * Returns true if the images of a request are so large that {@link #upscaler} is used.
   *
   * @param request the request
   * @return true above 1.5 times the base's own size
   */
  public boolean needsUpscaling(ShootRequest request) {
    return TiledUpscale.isNeeded(base, request.size());
  }

  /**
   * Estimates the memory of a request. Its images and the autoencoder's weights are included; the
   * other networks, which all shoots share, are not.
   *
   * @param request the request
   * @return bytes
   */
  public long memoryBytes(ShootRequest request) {
    return HeadshotGenerator.memoryBytes(request, base);
  }

  /**
   * Reviews a person's photos with the built-in tools.
   *
   * @param photos the photos
   * @param consent the person's consent
   * @return the review
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover reviewing
   */
  public static PhotoReview review(PhotoSet photos, Consent consent) {
    Consent.require(consent, Purpose.INTAKE);
    return PhotoReview.of(photos);
  }

  /**
   * Trains a LoRA of the person in the accepted photos, without progress and cancellation.
   *
   * @param review the reviewed photos
   * @param consent the person's consent
   * @return the person; the caller closes it
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training
   * @see PersonTrainer#train
   */
  public TrainedPerson train(PhotoReview review, Consent consent) {
    return trainer.train(
        review, consent, PersonProfile.UNKNOWN, null, Progress.SILENT, new Cancellation());
  }

  /**
   * Generates headshots in one style, without progress and cancellation.
   *
   * @param person the person
   * @param style the style
   * @param count the number of headshots, at least 1
   * @return the headshots
   * @throws dev.likeness.diffusion.ConsentException if the person's consent is unknown or does not
   *     cover headshots
   */
  public Shoot shoot(Identity person, Style style, int count) {
    return shoot(person, ShootRequest.of(style, count));
  }

  /**
   * Generates headshots without progress and cancellation.
   *
   * @param person the person
   * @param request the request
   * @return the headshots
   * @throws dev.likeness.diffusion.ConsentException if the person's consent is unknown or does not
   *     cover headshots
   */
  public Shoot shoot(Identity person, ShootRequest request) {
    return shoot(person, request, Progress.SILENT, new Cancellation());
  }

  /**
   * Generates headshots.
   *
   * @param person the person
   * @param request the request
   * @param progress gets phases, steps, notices, and one terminal event
   * @param cancellation stops the shoot within a step
   * @return the headshots
   * @throws dev.likeness.diffusion.ConsentException if the person's consent is unknown or does not
   *     cover headshots
   * @throws dev.likeness.diffusion.error.InvalidInputException if the base cannot serve the request
   * @throws dev.likeness.diffusion.error.CancelledException within a step after
   *     {@code cancellation}
   */
  public Shoot shoot(
      Identity person, ShootRequest request, Progress progress, Cancellation cancellation) {
    return progress.reportOutcome(() -> new HeadshotGenerator(
            base, withFaceGuidance(Consent.require(person, Purpose.HEADSHOTS)), request, upscaler)
        .generate(onHeadshot, Phases.withoutTerminalEvents(progress), cancellation));
  }

  /**
   * Generates the face of a headshot again, at the base's own size or larger, and blends it in.
   *
   * @param person the person
   * @param headshot the headshot
   * @param face the face in pixels of the headshot
   * @param strength denoising strength, 0 to 1: 0 keeps the face, 1 starts from noise
   * @param cancellation stops within a step
   * @return the new headshot, of the same size
   * @throws dev.likeness.diffusion.ConsentException if the person's consent is unknown or does not
   *     cover headshots
   * @throws dev.likeness.diffusion.error.CancelledException within a step after
   *     {@code cancellation}
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
   * Generates some parts of a headshot again. Pixels outside these parts stay exactly the same.
   *
   * @param person the person
   * @param headshot the headshot
   * @param edit the changes
   * @param detector finds the face, which locates the parts; the caller closes it
   * @param progress gets phases, steps, notices, and one terminal event
   * @param cancellation stops within a step
   * @return the headshot before and after the edit
   * @throws dev.likeness.diffusion.ConsentException if the person's consent is unknown or does not
   *     cover headshots
   * @throws dev.likeness.diffusion.error.InvalidInputException if there is neither a mask nor a
   *     detected face, or if the mask has another size than the headshot
   * @throws dev.likeness.diffusion.error.CancelledException within a step after
   *     {@code cancellation}
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

  /**
   * Opens a measure of prompt adherence. It uses the base's photo reader, a network that reads
   * words for hair, clothes, light and backdrop from images.
   *
   * @return the measure; the caller closes it
   */
  public PromptAdherence promptAdherence() {
    return PromptAdherence.measure(base);
  }

  /**
   * Returns true if face guidance applies to headshots of a person in this studio.
   *
   * @param person the person
   * @return true if the studio has face guidance and the person's face embeddings are known
   */
  public boolean usesFaceGuidance(Identity person) {
    return withFaceGuidance(person) != person;
  }

  /**
   * Creates a measure of likeness to the face embeddings that face guidance follows. Its values are
   * too high, because the same embedder guided the generation. Use it to rank images, not to judge
   * them.
   *
   * @param person the person
   * @param detector finds the faces; the caller closes it
   * @return the measure; empty if face guidance does not apply
   */
  public Optional<Likeness> guidanceLikeness(Identity person, FaceDetector detector) {
    return guidance.flatMap(by -> GuidedPerson.likeness(person, by, detector));
  }

  /**
   * Adds face guidance to a person.
   *
   * @param person the person
   * @return the guided person; {@code person} itself if face guidance does not apply
   */
  public Identity withFaceGuidance(Identity person) {
    return guidance.map(by -> GuidedPerson.of(person, by)).orElse(person);
  }
}
