package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.WeightsDigest;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.headshots.internal.generation.FaceDetailer;
import dev.likeness.headshots.internal.generation.HeadshotEditor;
import dev.likeness.headshots.internal.generation.HeadshotGenerator;
import dev.likeness.headshots.internal.generation.TiledUpscale;
import dev.likeness.headshots.internal.training.LikenessValidation;
import dev.likeness.headshots.internal.training.PersonStudy;
import dev.likeness.headshots.internal.training.PersonTraining;
import dev.likeness.headshots.person.GuidedPerson;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.ReferencePerson;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.HeadshotEdit;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.shoot.Upscaler;
import dev.likeness.headshots.style.Style;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.TrainedModel;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.likeness.Likeness;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Learns people from their photos and draws headshots of them, all on one base model, which it
 * never changes. Immutable and shared by threads; the base stays its caller's to close.
 */
public final class HeadshotStudio {
  private final BaseModel base;
  private final PersonTraining personTraining;
  private final Upscaler upscaler;
  private final Optional<FaceGuidance> guidance;
  private final Consumer<Headshot> onHeadshot;

  private HeadshotStudio(
      BaseModel base,
      PersonTraining learning,
      Upscaler enlarger,
      Optional<FaceGuidance> guidance,
      Consumer<Headshot> each) {
    this.base = base;
    this.personTraining = learning;
    this.upscaler = enlarger;
    this.guidance = guidance;
    this.onHeadshot = each;
  }

  /**
   * A studio that draws with {@code base} and learns in a few minutes, on a base of full size in
   * hours without a graphics card.
   */
  public static HeadshotStudio on(BaseModel base) {
    LoraTraining training = LoraTraining.balanced().suitedTo(base).captions("selfie of %s");
    return new HeadshotStudio(
        base,
        new PersonTraining(base, training, Optional.empty(), Optional.empty(), Optional.empty()),
        Upscaler.CUBIC,
        Optional.empty(),
        headshot -> {});
  }

  /** The same studio learning with other settings. */
  public HeadshotStudio training(LoraTraining settings) {
    return new HeadshotStudio(
        base, personTraining.training(settings), upscaler, guidance, onHeadshot);
  }

  /**
   * The same studio keeping in each person's file what their face is to {@code other}, so that the
   * likeness of images can be measured without the photos; it stays the caller's to close.
   */
  public HeadshotStudio embedder(FaceEmbedder other) {
    return new HeadshotStudio(base, personTraining.embedder(other), upscaler, guidance, onHeadshot);
  }

  /**
   * The same studio looking every so many steps of a training at two headshots of the person, which
   * {@code eye} compares with every fifth photo; these are not learnt from. The weights of the best
   * look are kept, and the training ends when four looks in a row are no better. With fewer than
   * five photos nothing is held out and nothing is looked at.
   *
   * @param eye stays the caller's to close
   */
  public HeadshotStudio validation(int every, FaceEmbedder eye) {
    return new HeadshotStudio(
        base,
        personTraining.validation(new LikenessValidation(every, eye)),
        upscaler,
        guidance,
        onHeadshot);
  }

  /**
   * The same studio enlarging images by {@code other} before it draws over them, where they are to
   * be large.
   */
  public HeadshotStudio upscaler(Upscaler other) {
    return new HeadshotStudio(base, personTraining, other, guidance, onHeadshot);
  }

  /**
   * The same studio holding drawn faces to the person's: those of people whom it learns or shows
   * from now on, and of person files that were learnt so. Each image takes four to five times as
   * long.
   *
   * @param other stays the caller's to close; null for faces as the base draws them
   */
  public HeadshotStudio faceGuidance(FaceGuidance other) {
    Optional<FaceGuidance> by = Optional.ofNullable(other);
    return new HeadshotStudio(
        base,
        personTraining.guidanceEmbedder(by.map(FaceGuidance::embedder)),
        upscaler,
        by,
        onHeadshot);
  }

  /**
   * The same studio handing each headshot of a shoot to {@code listener}, too, as soon as it is
   * drawn, on the thread that draws: what a shoot that is cancelled or fails had finished, and what
   * an application shows on the way.
   */
  public HeadshotStudio onHeadshot(Consumer<Headshot> listener) {
    return new HeadshotStudio(
        base, personTraining, upscaler, guidance, onHeadshot.andThen(listener));
  }

  /** How it learns. */
  public LoraTraining training() {
    return personTraining.training();
  }

  /**
   * Refuses what the base does not draw, before anybody is learnt for it.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException for a style that is for other bases,
   *     or a size or steps that this one cannot draw
   */
  public void validate(ShootRequest request) {
    HeadshotGenerator.requireCompatible(request, base);
  }

  /**
   * Whether its images are larger than the base draws at once, so that {@link #upscaler} takes
   * part.
   */
  public boolean needsUpscaling(ShootRequest request) {
    return TiledUpscale.isNeeded(base, request.size());
  }

  /**
   * About how many bytes drawing {@code request} needs beside the networks that all shoots share,
   * its images included; the autoencoder's weights are counted again.
   */
  public long memoryBytes(ShootRequest request) {
    return HeadshotGenerator.memoryBytes(request, base);
  }

  /**
   * Reviews a person's photos with the built-in tools.
   *
   * @param consent who agreed to what
   * @throws dev.likeness.diffusion.ConsentException when it does not cover looking at the photos
   */
  public static PhotoReview review(PhotoSet photos, Consent consent) {
    Consent.require(consent, Purpose.INTAKE);
    return PhotoReview.of(photos);
  }

  /** Learns the person in the accepted photos, silently and to the end. */
  public TrainedPerson train(PhotoReview review, Consent consent) {
    return train(review, consent, PersonProfile.UNKNOWN, null, Progress.SILENT, new Cancellation());
  }

  /**
   * Learns the person in the accepted photos; where memory is short,
   * {@linkplain dev.likeness.lora.LoraTrainer#fitting by what fits}.
   *
   * @param consent who agreed to what; kept in the person's file
   * @param known of how they look, what the user says: it is believed; the rest is found out, and
   *     all of it kept in the person's file
   * @param state the file in which the run keeps its state, and from which one that was stopped
   *     goes on; null for none
   * @throws dev.likeness.diffusion.ConsentException when the consent does not cover learning
   * @throws dev.likeness.diffusion.error.ResourceLimitException where nothing fits
   * @throws dev.likeness.diffusion.error.CancelledException within a step of {@code cancellation}
   */
  public TrainedPerson train(
      PhotoReview review,
      Consent consent,
      PersonProfile known,
      Path state,
      Progress progress,
      Cancellation cancellation) {
    return progress.reportOutcome(() -> personTraining.trainPerson(
        review,
        Consent.require(consent, Purpose.TRAINING),
        known,
        state,
        Phases.withoutTerminalEvents(progress),
        cancellation));
  }

  /**
   * The file in {@code folder} for the state of learning these photos as this studio learns: a run
   * that was stopped finds its own there, and one of other photos, settings or another base begins
   * anew.
   *
   * @param known as {@link #train} is told
   */
  public Path stateFile(Path folder, PhotoReview review, PersonProfile known) {
    List<Object> photos = review.accepted().stream()
        .<Object>map(photo -> List.of(photo.image(), photo.face()))
        .toList();
    int run = Objects.hash(
        photos,
        known.toString(),
        training().toString(),
        personTraining.validation().map(LikenessValidation::interval),
        base.name(),
        WeightsDigest.of(base.unwrap(OpenModel.class)),
        base.compute().toString());
    return TrainingState.file(folder, run);
  }

  /**
   * Teaches a copy of the whole base the person in the accepted photos: more memory and a result as
   * large as the base, of its own.
   *
   * @param way how; its captions say {@code %s} for the person
   * @param state where the run's state is and is kept, or null for nowhere
   * @throws dev.likeness.diffusion.ConsentException when the consent does not cover learning
   */
  public TrainedModel trainModel(
      PhotoReview review,
      Consent consent,
      PersonProfile known,
      DreamBooth way,
      Path state,
      Progress progress,
      Cancellation cancellation) {
    return progress.reportOutcome(() -> personTraining.trainModel(
        review,
        Consent.require(consent, Purpose.TRAINING),
        known,
        way,
        state,
        Phases.withoutTerminalEvents(progress),
        cancellation));
  }

  /**
   * How the person in the accepted photos looks: to be shown to them, corrected and learnt with.
   *
   * @throws dev.likeness.diffusion.error.CancelledException while photos are read
   */
  public PersonProfile describe(PhotoReview review, Progress progress, Cancellation cancellation) {
    return progress.reportOutcome(() -> personTraining
        .study(review, PersonProfile.UNKNOWN, Phases.withoutTerminalEvents(progress), cancellation)
        .profile());
  }

  /**
   * Somebody learnt before whom the user describes otherwise: so prompts say it from now on, and
   * their file.
   */
  public TrainedPerson withProfile(TrainedPerson person, PersonProfile profile) {
    PersonToken subject =
        PersonStudy.subject(base, profile).consent(person.subject().consent());
    return profile.addTo(person.called(subject.token(person.subject().token())));
  }

  /**
   * Shows the person in the accepted photos to an adapter of the base, in seconds.
   *
   * @param adapter with what it looks at people through; stays the caller's, open while the person
   *     is drawn
   * @param consent who agreed to what
   * @param known of how they look, what the user says: it is believed
   * @throws dev.likeness.diffusion.ConsentException when it does not cover learning: what an
   *     adapter makes of a face is the person's model too
   * @throws dev.likeness.diffusion.error.CancelledException while photos are read
   */
  public ReferencePerson reference(
      PhotoReview review,
      PersonAdapter adapter,
      Consent consent,
      PersonProfile known,
      Progress progress,
      Cancellation cancellation) {
    return progress.reportOutcome(() -> personTraining.referencePerson(
        review,
        adapter,
        Consent.require(consent, Purpose.TRAINING),
        known,
        Phases.withoutTerminalEvents(progress),
        cancellation));
  }

  /** Draws {@code count} headshots in one style, silently and to the end. */
  public Shoot shoot(Identity person, Style style, int count) {
    return shoot(person, ShootRequest.of(style, count));
  }

  /** Draws headshots, silently and to the end. */
  public Shoot shoot(Identity person, ShootRequest request) {
    return shoot(person, request, Progress.SILENT, new Cancellation());
  }

  /**
   * Draws headshots.
   *
   * @throws dev.likeness.diffusion.ConsentException when the person's consent is not known or does
   *     not cover drawing
   * @throws dev.likeness.diffusion.error.CancelledException within a step of {@code cancellation}
   */
  public Shoot shoot(
      Identity person, ShootRequest request, Progress progress, Cancellation cancellation) {
    return progress.reportOutcome(() -> new HeadshotGenerator(
            base, withFaceGuidance(Consent.require(person, Purpose.HEADSHOTS)), request, upscaler)
        .generate(onHeadshot, Phases.withoutTerminalEvents(progress), cancellation));
  }

  /**
   * The same headshot with its face drawn again, at the base's own size at least, the person
   * attached, and blended in.
   *
   * @param face where it is in the image
   * @param strength how much of the face is drawn anew, 0 to 1
   * @throws dev.likeness.diffusion.ConsentException when the person's consent is not known or does
   *     not cover drawing
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
   * The same headshot with parts of it drawn anew, the person attached, and what
   * {@link HeadshotEdit} keeps kept to the pixel.
   *
   * @param detector finds the face that parts are found by; stays the caller's
   * @throws dev.likeness.diffusion.ConsentException when the person's consent is not known or does
   *     not cover drawing
   * @throws dev.likeness.diffusion.error.InvalidInputException when no face is seen and no mask is
   *     given, or the mask has another size
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

  /** Opens what tells how clearly headshots show what was asked; the caller closes it. */
  public PromptAdherence promptAdherence() {
    return PromptAdherence.measure(base);
  }

  /** Whether the faces of this person's headshots are held to theirs here. */
  public boolean usesFaceGuidance(Identity person) {
    return withFaceGuidance(person) != person;
  }

  /**
   * Measures how like this person a face is to what holds it here; empty where nothing does. It
   * takes part in drawing, so it flatters: to rank images by, not to judge them.
   *
   * @param detector finds the faces; stays the caller's
   */
  public Optional<Likeness> guidanceLikeness(Identity person, FaceDetector detector) {
    return guidance.flatMap(by -> GuidedPerson.likeness(person, by, detector));
  }

  /**
   * This person as they are drawn here: held to their face where that is known, and else as they
   * are.
   */
  public Identity withFaceGuidance(Identity person) {
    return guidance.map(by -> GuidedPerson.of(person, by)).orElse(person);
  }
}
