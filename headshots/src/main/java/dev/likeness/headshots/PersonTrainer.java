package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.WeightsDigest;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.internal.training.LikenessValidation;
import dev.likeness.headshots.internal.training.PersonStudy;
import dev.likeness.headshots.internal.training.PersonTraining;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferencePerson;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.TrainedModel;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.embed.FaceEmbedder;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * Creates a person from reviewed photos: a LoRA, a trained copy of the base, or reference images
 * for an IP-Adapter. Immutable and thread-safe; the caller closes the base.
 */
public final class PersonTrainer {
  private final BaseModel base;
  private final PersonTraining engine;

  private PersonTrainer(BaseModel base, PersonTraining engine) {
    this.base = base;
    this.engine = engine;
  }

  /**
   * Creates a trainer with {@link LoraTraining#balanced()}. On a CPU, training takes minutes for
   * the small base {@code portrait}, and hours for larger bases.
   *
   * @param base the base model; the caller closes it
   * @return the trainer
   */
  public static PersonTrainer on(BaseModel base) {
    LoraTraining settings = LoraTraining.balanced().forBase(base).captions("selfie of %s");
    return new PersonTrainer(
        base,
        new PersonTraining(
            base, settings, Optional.empty(), Optional.empty(), Optional.empty(), null, 0));
  }

  /**
   * The same trainer with other settings.
   *
   * @param settings the training settings
   * @return the new trainer
   */
  public PersonTrainer settings(LoraTraining settings) {
    return new PersonTrainer(base, engine.training(settings));
  }

  /** {@return the training settings} */
  public LoraTraining settings() {
    return engine.training();
  }

  /**
   * The same trainer, which also keeps face embeddings in each person's file. The likeness of
   * headshots can then be measured without the photos.
   *
   * @param other the embedder; the caller closes it
   * @return the new trainer
   */
  public PersonTrainer embedder(FaceEmbedder other) {
    return new PersonTrainer(base, engine.embedder(other));
  }

  /**
   * The same trainer with validation by likeness. Every fifth photo is held out of the training
   * set. At each validation, two headshots are generated and compared with the held-out photos. The
   * best weights are kept. Four validations in a row without improvement end the training. With
   * fewer than five photos there is no validation.
   *
   * @param interval training steps between two validations, at least 1
   * @param embedder compares faces; the caller closes it
   * @return the new trainer
   */
  public PersonTrainer validation(int interval, FaceEmbedder embedder) {
    return new PersonTrainer(base, engine.validation(new LikenessValidation(interval, embedder)));
  }

  /**
   * The same trainer with a training adapter: a LoRA that is added to the base during the training
   * and left out afterwards. A distilled base needs one.
   *
   * @param file the LoRA file, or null for none
   * @return the new trainer
   */
  public PersonTrainer trainingAdapter(Path file) {
    return new PersonTrainer(base, engine.trainingAdapter(file));
  }

  /**
   * The same trainer with another size of training images. Smaller images need less memory and
   * time.
   *
   * @param pixels width and height in pixels, a multiple of the base's size multiple; 0 for the
   *     base's default size
   * @return the new trainer
   * @throws IllegalArgumentException if the size is negative or no such multiple
   */
  public PersonTrainer size(int pixels) {
    return new PersonTrainer(base, engine.size(pixels));
  }

  /** The same trainer, which also keeps the face embeddings that {@code guidance} follows. */
  PersonTrainer faceGuidance(Optional<FaceGuidance> guidance) {
    return new PersonTrainer(base, engine.guidanceEmbedder(guidance.map(FaceGuidance::embedder)));
  }

  /**
   * Trains a LoRA of the person in the accepted photos. If memory is short, it trains with
   * {@linkplain dev.likeness.lora.LoraTrainer#fitting settings that fit}.
   *
   * @param review the reviewed photos
   * @param consent the person's consent; kept in the person's file
   * @param known the traits that the user gave; they are not changed. Other traits are read from
   *     the photos. The person's file keeps all traits
   * @param state the file in which the training saves its state, and from which a stopped training
   *     resumes; null to save no state
   * @param progress gets phases, steps and notices, and a last event: done, cancelled or failed
   * @param cancellation stops the training within a step
   * @return the person; the caller closes it
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training
   * @throws dev.likeness.diffusion.error.InvalidInputException if no photo shows a large enough
   *     head, or if the {@linkplain PhotoReview#isPersonUnclear() photos show several people}
   * @throws dev.likeness.diffusion.error.ResourceLimitException if no training settings fit into
   *     memory
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public TrainedPerson train(
      PhotoReview review,
      Consent consent,
      PersonProfile known,
      Path state,
      Progress progress,
      Cancellation cancellation) {
    return progress.reportOutcome(() -> engine.trainPerson(
        review,
        Consent.require(consent, Purpose.TRAINING),
        known,
        state,
        withoutTerminalEvents(progress),
        cancellation));
  }

  /**
   * Trains a copy of the whole base (DreamBooth). It needs more memory than a LoRA, and the result
   * is as large as the base.
   *
   * @param review the reviewed photos
   * @param consent the person's consent
   * @param known the traits that the user gave; they are not changed
   * @param method settings of DreamBooth; in their captions, {@code %s} stands for the person
   * @param state the file of the training's state, as in {@link #train}; null to save no state
   * @param progress gets phases, steps and notices, and a last event: done, cancelled or failed
   * @param cancellation stops the training within a step
   * @return the trained model; the caller closes it
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training
   * @throws dev.likeness.diffusion.error.InvalidInputException if no photo shows a large enough
   *     head, or if the {@linkplain PhotoReview#isPersonUnclear() photos show several people}
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public TrainedModel trainModel(
      PhotoReview review,
      Consent consent,
      PersonProfile known,
      DreamBooth method,
      Path state,
      Progress progress,
      Cancellation cancellation) {
    return progress.reportOutcome(() -> engine.trainModel(
        review,
        Consent.require(consent, Purpose.TRAINING),
        known,
        method,
        state,
        withoutTerminalEvents(progress),
        cancellation));
  }

  /**
   * Encodes the accepted photos as reference images for an adapter of the base. This takes seconds.
   *
   * @param review the reviewed photos
   * @param adapter the adapter with its image encoder or face embedder; the caller closes it after
   *     the last headshot of the person
   * @param consent the person's consent; kept in the person's file
   * @param known the traits that the user gave; they are not changed
   * @param progress gets phases, steps and notices, and a last event: done, cancelled or failed
   * @param cancellation stops the reading of photos
   * @return the person
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training; it is
   *     needed because embeddings of a face are a model of the person
   * @throws dev.likeness.diffusion.error.InvalidInputException if the
   *     {@linkplain PhotoReview#isPersonUnclear() photos show several people}
   * @throws dev.likeness.diffusion.error.CancelledException while photos are read
   */
  public ReferencePerson reference(
      PhotoReview review,
      PersonAdapter adapter,
      Consent consent,
      PersonProfile known,
      Progress progress,
      Cancellation cancellation) {
    return progress.reportOutcome(() -> engine.referencePerson(
        review,
        adapter,
        Consent.require(consent, Purpose.TRAINING),
        known,
        withoutTerminalEvents(progress),
        cancellation));
  }

  /**
   * Reads the person's appearance from the accepted photos. The user can correct it before
   * training.
   *
   * @param review the reviewed photos
   * @param progress gets phases, steps and notices, and a last event: done, cancelled or failed
   * @param cancellation stops the reading of photos
   * @return the profile
   * @throws dev.likeness.diffusion.error.InvalidInputException if no photo shows a large enough
   *     head, or if the {@linkplain PhotoReview#isPersonUnclear() photos show several people}
   * @throws dev.likeness.diffusion.error.CancelledException while photos are read
   */
  public PersonProfile describe(PhotoReview review, Progress progress, Cancellation cancellation) {
    return progress.reportOutcome(() -> engine
        .study(review, PersonProfile.UNKNOWN, withoutTerminalEvents(progress), cancellation)
        .profile());
  }

  /**
   * A trained person with a corrected profile, which is used in prompts and kept in the person's
   * file.
   *
   * @param person the trained person
   * @param profile the corrected profile
   * @return the same person with the profile; both objects share their tensors, so close only one
   *     of them
   */
  public TrainedPerson withProfile(TrainedPerson person, PersonProfile profile) {
    PersonToken subject =
        PersonStudy.subject(base, profile).consent(person.personToken().consent());
    return PersonRecord.of(person)
        .withProfile(profile)
        .addTo(person.withPersonToken(subject.token(person.personToken().token())));
  }

  /**
   * Returns the path of the file for the state of a training. The path depends on photos, settings,
   * base and {@code known}. A stopped training therefore finds its own state again.
   *
   * @param folder the folder of the file
   * @param review the reviewed photos
   * @param known the traits that are given to {@link #train}
   * @return the path; the file need not exist
   */
  public Path stateFile(Path folder, PhotoReview review, PersonProfile known) {
    List<Object> photos = review.accepted().stream()
        .<Object>map(
            photo -> List.of(photo.image(), photo.face(), photo.caption(), photo.repeats()))
        .toList();
    int run = Objects.hash(
        photos,
        known.toString(),
        settings().toString(),
        engine.validation().map(LikenessValidation::interval),
        engine.trainingAdapter(),
        engine.size(),
        base.name(),
        WeightsDigest.of(base.unwrap(OpenModel.class)),
        base.compute().toString());
    return TrainingState.file(folder, run);
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
