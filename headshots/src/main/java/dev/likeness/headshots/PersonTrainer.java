package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.family.WeightsDigest;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
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
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Makes a person of reviewed photos: a LoRA, a trained copy of the base, or references for an
 * IP-Adapter. Immutable and shared by threads; the base stays its caller's to close.
 */
public final class PersonTrainer {
  private final BaseModel base;
  private final PersonTraining engine;

  private PersonTrainer(BaseModel base, PersonTraining engine) {
    this.base = base;
    this.engine = engine;
  }

  /**
   * A trainer with balanced settings: minutes on {@code portrait}, hours on a base of full size
   * without a graphics card.
   */
  public static PersonTrainer on(BaseModel base) {
    LoraTraining settings = LoraTraining.balanced().forBase(base).captions("selfie of %s");
    return new PersonTrainer(
        base,
        new PersonTraining(base, settings, Optional.empty(), Optional.empty(), Optional.empty()));
  }

  /** The same trainer with other settings. */
  public PersonTrainer settings(LoraTraining settings) {
    return new PersonTrainer(base, engine.training(settings));
  }

  /** The settings that it trains with. */
  public LoraTraining settings() {
    return engine.training();
  }

  /**
   * The same trainer, which also keeps face embeddings in each person's file. The likeness of
   * headshots can then be measured without the photos.
   *
   * @param other stays the caller's to close
   */
  public PersonTrainer embedder(FaceEmbedder other) {
    return new PersonTrainer(base, engine.embedder(other));
  }

  /**
   * The same trainer, which validates trainings by likeness. Every fifth photo is held out of the
   * training set; two headshots are generated at each validation and compared with these photos.
   * The best weights are kept, and four validations in a row without progress end the training.
   * With fewer than five photos there is no validation.
   *
   * @param interval training steps between two validations, at least 1
   * @param eye compares faces; stays the caller's to close
   */
  public PersonTrainer validation(int interval, FaceEmbedder eye) {
    return new PersonTrainer(base, engine.validation(new LikenessValidation(interval, eye)));
  }

  /** The same trainer, which also keeps the face embeddings that {@code guidance} follows. */
  PersonTrainer faceGuidance(Optional<FaceGuidance> guidance) {
    return new PersonTrainer(base, engine.guidanceEmbedder(guidance.map(FaceGuidance::embedder)));
  }

  /**
   * Trains a LoRA of the person in the accepted photos. If memory is short, it trains with
   * {@linkplain dev.likeness.lora.LoraTrainer#fitting settings that fit}.
   *
   * @param consent the person's consent; kept in the person's file
   * @param known what the user says of the person's appearance; it is believed. The rest is read
   *     from the photos, and all of it is kept in the person's file
   * @param state the file in which the training keeps its state, and from which a stopped training
   *     resumes; null for none
   * @return the person; the caller closes it
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training
   * @throws dev.likeness.diffusion.error.InvalidInputException if no photo shows a large enough
   *     head
   * @throws dev.likeness.diffusion.error.ResourceLimitException if no training fits into memory
   * @throws dev.likeness.diffusion.error.CancelledException within a step of {@code cancellation}
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
        Phases.withoutTerminalEvents(progress),
        cancellation));
  }

  /**
   * Trains a copy of the whole base (DreamBooth). It needs more memory than a LoRA, and the result
   * is as large as the base.
   *
   * @param consent the person's consent
   * @param known what the user says of the person's appearance
   * @param method settings; in their captions {@code %s} stands for the person
   * @param state the file of the training's state, as in {@link #train}; null for none
   * @return the trained model; the caller closes it
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training
   * @throws dev.likeness.diffusion.error.CancelledException within a step of {@code cancellation}
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
        Phases.withoutTerminalEvents(progress),
        cancellation));
  }

  /**
   * Encodes the accepted photos as references for an adapter of the base, in seconds.
   *
   * @param adapter with its image encoder or face recogniser; stays the caller's, open while
   *     headshots of the person are generated
   * @param consent the person's consent; kept in the person's file
   * @param known what the user says of the person's appearance
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training: an
   *     adapter's embeddings of a face are a model of the person too
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
        Phases.withoutTerminalEvents(progress),
        cancellation));
  }

  /**
   * Reads the appearance of the person from the accepted photos, to be corrected before training.
   *
   * @throws dev.likeness.diffusion.error.InvalidInputException if no photo shows a large enough
   *     head
   * @throws dev.likeness.diffusion.error.CancelledException while photos are read
   */
  public PersonProfile describe(PhotoReview review, Progress progress, Cancellation cancellation) {
    return progress.reportOutcome(() -> engine
        .study(review, PersonProfile.UNKNOWN, Phases.withoutTerminalEvents(progress), cancellation)
        .profile());
  }

  /** A trained person with a corrected profile, which words prompts and is kept in their file. */
  public TrainedPerson withProfile(TrainedPerson person, PersonProfile profile) {
    PersonToken subject =
        PersonStudy.subject(base, profile).consent(person.personToken().consent());
    return PersonRecord.of(person)
        .withProfile(profile)
        .addTo(person.withPersonToken(subject.token(person.personToken().token())));
  }

  /**
   * The file for the state of training on these photos. A stopped training finds its own state
   * there; other photos, settings or another base have another file.
   *
   * @param folder the folder of the file
   * @param known as given to {@link #train}
   */
  public Path stateFile(Path folder, PhotoReview review, PersonProfile known) {
    List<Object> photos = review.accepted().stream()
        .<Object>map(photo -> List.of(photo.image(), photo.face()))
        .toList();
    int run = Objects.hash(
        photos,
        known.toString(),
        settings().toString(),
        engine.validation().map(LikenessValidation::interval),
        base.name(),
        WeightsDigest.of(base.unwrap(OpenModel.class)),
        base.compute().toString());
    return TrainingState.file(folder, run);
  }
}
