package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Purpose;
import dev.likeness.diffusion.request.Run;
import dev.likeness.headshots.internal.training.LikenessValidation;
import dev.likeness.headshots.internal.training.PersonStudy;
import dev.likeness.headshots.internal.training.PersonTrainingEngine;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.ipadapter.FaceGuidance;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.TrainedModel;
import dev.likeness.lora.training.AspectBuckets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingPreset;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.embed.FaceEmbedder;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.UnaryOperator;

/**
 * Creates a person from reviewed photos: a LoRA, a trained copy of the base, or reference images.
 * Immutable and thread-safe; the caller closes the base.
 */
public final class PersonTrainer {
  private final BaseModel base;
  private final PersonTrainingEngine engine;

  private PersonTrainer(BaseModel base, PersonTrainingEngine engine) {
    this.base = base;
    this.engine = engine;
  }

  /**
   * {@return a trainer with the settings of {@link TrainingPreset#BALANCED} for the base and the
   * number of accepted photos}
   *
   * @param base the base model; the caller closes it
   */
  public static PersonTrainer on(BaseModel base) {
    return new PersonTrainer(
        base,
        PersonTrainingEngine.on(
            base, photos -> TrainingPreset.BALANCED.of(base, photos).captions("selfie of %s")));
  }

  /**
   * {@return a copy of this trainer with the given settings, for every number of photos}
   *
   * @param settings the training settings
   */
  public PersonTrainer settings(TrainingSettings settings) {
    return new PersonTrainer(base, engine.settings(photos -> settings));
  }

  /**
   * {@return a copy of this trainer with changed settings} What the change leaves as it is still
   * depends on the number of photos.
   *
   * @param change returns the changed settings
   */
  public PersonTrainer settings(UnaryOperator<TrainingSettings> change) {
    return new PersonTrainer(base, engine.settings(photos -> change.apply(settings(photos))));
  }

  /**
   * {@return the training settings for a number of photos}
   *
   * @param photos number of accepted photos, from 1
   */
  public TrainingSettings settings(int photos) {
    return engine.settings().apply(photos);
  }

  /**
   * {@return a copy of this trainer that also keeps face embeddings in each person's file, to
   * measure likeness without the photos}
   *
   * @param other the embedder; the caller closes it
   */
  public PersonTrainer embedder(FaceEmbedder other) {
    return new PersonTrainer(base, engine.embedder(other));
  }

  Optional<FaceEmbedder> embedder() {
    return engine.embedder();
  }

  /**
   * {@return a copy of this trainer with validation by likeness} Every fifth photo is held out.
   * Each validation generates two headshots and compares them with these photos. The best weights
   * are kept. Four validations without improvement end the training. Give at least five photos.
   *
   * @param interval training steps between two validations, at least 1
   * @param embedder compares faces; the caller closes it
   * @throws IllegalArgumentException if the interval is below 1
   */
  public PersonTrainer validation(int interval, FaceEmbedder embedder) {
    return new PersonTrainer(base, engine.validation(new LikenessValidation(interval, embedder)));
  }

  /**
   * {@return a copy of this trainer with a training adapter: a LoRA that is added to the base
   * during the training and left out afterwards} A distilled base needs one.
   *
   * @param file the LoRA file
   */
  public PersonTrainer trainingAdapter(Path file) {
    return new PersonTrainer(base, engine.trainingAdapter(file));
  }

  /**
   * {@return a copy of this trainer with the given size of training images}
   *
   * @param pixels width and height in pixels, a multiple of {@link BaseModel#sizeMultiple()}
   * @throws IllegalArgumentException if the size is not a positive multiple of that number
   */
  public PersonTrainer size(int pixels) {
    return new PersonTrainer(base, engine.size(pixels));
  }

  /**
   * {@return a copy of this trainer that trains on whole photos in aspect buckets, instead of
   * square crops of the head} Nothing is masked: clothes and background are learned too, unless
   * captions name them. The area of the training images is that of {@link AspectBuckets#side()}.
   *
   * @param sizes the sizes of the training images; their step is a multiple of
   *     {@link BaseModel#sizeMultiple()}
   * @throws IllegalArgumentException if the step is no such multiple
   */
  public PersonTrainer buckets(AspectBuckets sizes) {
    return new PersonTrainer(base, engine.buckets(sizes));
  }

  /**
   * {@return a copy with the given save interval; default: 25 steps, or more if saving is slow}
   *
   * @param steps training steps between two saved states, at least 1
   */
  public PersonTrainer saveInterval(int steps) {
    return new PersonTrainer(base, engine.saveInterval(steps));
  }

  /**
   * {@return a copy of this trainer that generates a preview after the first third of the training
   * of a LoRA: one headshot with the current weights} The training reports the preview as
   * {@link dev.likeness.diffusion.request.ProgressEvent.Preview}. It does not change the person. A
   * training of fewer than three steps has none.
   */
  public PersonTrainer preview() {
    return new PersonTrainer(base, engine.preview());
  }

  /** The same trainer, which also keeps the face embeddings that {@code guidance} follows. */
  PersonTrainer faceGuidance(Optional<FaceGuidance> guidance) {
    return new PersonTrainer(base, engine.guidanceEmbedder(guidance.map(FaceGuidance::embedder)));
  }

  /**
   * {@return a person with a LoRA; the caller closes the person} The method reports no progress.
   *
   * @param request photos, consent, known traits, and the file of the training's state
   */
  public LoraPerson train(TrainingRequest request) {
    return train(request, Run.silent());
  }

  /**
   * {@return a person with a LoRA, trained on the accepted photos; the caller closes the person} If
   * memory is short, {@linkplain dev.likeness.lora.LoraTrainer#fitting smaller settings} are used.
   * The method also throws the exceptions of {@link dev.likeness.lora.LoraTrainer#train}.
   *
   * @param request photos, consent, known traits, and the file of the training's state
   * @param run receives progress, and stops the work if it is cancelled
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training
   * @throws dev.likeness.diffusion.error.InvalidInputException if no photo shows a large enough
   *     head, or if it is {@linkplain PhotoReview#isPersonUnclear() unclear} whose photos these are
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public LoraPerson train(TrainingRequest request, Run run) {
    return run.report(() -> engine.trainPerson(
        request.review(),
        Consent.require(request.consent(), Purpose.TRAINING),
        request.profile(),
        request.stateFile().orElse(null),
        run.part()));
  }

  /**
   * {@return a trained copy of the base; the caller closes it} The method reports no progress.
   *
   * @param request photos, consent, known traits, and the file of the training's state
   * @param method settings of DreamBooth
   */
  public TrainedModel trainModel(TrainingRequest request, DreamBooth method) {
    return trainModel(request, method, Run.silent());
  }

  /**
   * Trains a copy of the base. Also throws the exceptions of {@link DreamBooth#train}.
   *
   * @param request photos, consent, known traits, and the file of the training's state
   * @param method settings of DreamBooth; {@code %s} in the captions stands for the person
   * @param run receives progress, and stops the work if it is cancelled
   * @return the trained model; the caller closes it
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training
   * @throws dev.likeness.diffusion.error.InvalidInputException if no photo shows a large enough
   *     head, or if it is {@linkplain PhotoReview#isPersonUnclear() unclear} whose photos these are
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public TrainedModel trainModel(TrainingRequest request, DreamBooth method, Run run) {
    return run.report(() -> engine.trainModel(
        request.review(),
        Consent.require(request.consent(), Purpose.TRAINING),
        request.profile(),
        method,
        request.stateFile().orElse(null),
        run.part()));
  }

  /**
   * {@return a person given by reference images} The method reports no progress.
   *
   * @param request photos, consent and known traits
   * @param adapter the adapter; the caller closes it after the last headshot of the person
   */
  public IpAdapterPerson ipAdapterPerson(TrainingRequest request, PersonAdapter adapter) {
    return ipAdapterPerson(request, adapter, Run.silent());
  }

  /**
   * Encodes the accepted photos as reference images for an adapter of the base. The consent must
   * cover training, because embeddings of a face are a model of the person.
   *
   * @param request photos, consent and known traits; no state is saved
   * @param adapter the adapter; the caller closes it after the last headshot of the person
   * @param run receives progress, and stops the work if it is cancelled
   * @return the person
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover training
   * @throws dev.likeness.diffusion.error.InvalidInputException if it is
   *     {@linkplain PhotoReview#isPersonUnclear() unclear} whose photos these are
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public IpAdapterPerson ipAdapterPerson(TrainingRequest request, PersonAdapter adapter, Run run) {
    return run.report(() -> engine.ipAdapterPerson(
        request.review(),
        adapter,
        Consent.require(request.consent(), Purpose.TRAINING),
        request.profile(),
        run.part()));
  }

  /**
   * {@return a person given by chosen reference images} The method reports no progress.
   *
   * @param request the reviewed photos, the consent and the traits that the user gave
   * @param rule how photos are chosen and cropped
   */
  public ReferenceImagesPerson referenceImagesPerson(
      TrainingRequest request, ReferencePhotos rule) {
    return referenceImagesPerson(request, rule, Run.silent());
  }

  /**
   * Chooses accepted photos, and crops them as reference images for a base that edits images.
   * Likeness is measured with the accepted photos that are not chosen.
   *
   * @param request the reviewed photos, the consent and the traits that the user gave
   * @param rule how photos are chosen and cropped
   * @param run receives progress, and stops the work if it is cancelled
   * @return the person
   * @throws dev.likeness.diffusion.ConsentException if the consent does not cover headshots
   * @throws dev.likeness.diffusion.error.InvalidInputException if the base does not edit images, or
   *     if it is {@linkplain PhotoReview#isPersonUnclear() unclear} whose photos these are
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public ReferenceImagesPerson referenceImagesPerson(
      TrainingRequest request, ReferencePhotos rule, Run run) {
    return run.report(() -> engine.referenceImagesPerson(
        request.review(),
        rule,
        Consent.require(request.consent(), Purpose.HEADSHOTS),
        request.profile(),
        run.part()));
  }

  /**
   * {@return the person's appearance in the accepted photos} The method reports no progress.
   *
   * @param review the reviewed photos
   */
  public PersonProfile describe(PhotoReview review) {
    return describe(review, Run.silent());
  }

  /**
   * {@return the person's appearance in the accepted photos; the user can correct it}
   *
   * @param review the reviewed photos
   * @param run receives progress, and stops the work if it is cancelled
   * @throws dev.likeness.diffusion.error.InvalidInputException if no photo shows a large enough
   *     head, or if it is {@linkplain PhotoReview#isPersonUnclear() unclear} whose photos these are
   * @throws dev.likeness.diffusion.error.CancelledException if {@code cancellation} was requested
   */
  public PersonProfile describe(PhotoReview review, Run run) {
    return run.report(
        () -> engine.study(review, PersonProfile.UNKNOWN, run.part()).profile());
  }

  /**
   * {@return the same person with a corrected profile} Prompts use the new profile, and the
   * person's file keeps it. Both objects share their tensors, so close only one of them.
   *
   * @param person the trained person
   * @param profile the corrected profile
   */
  public LoraPerson withProfile(LoraPerson person, PersonProfile profile) {
    PersonToken subject =
        PersonStudy.subject(base, profile).consent(person.personToken().consent());
    return PersonRecord.of(person)
        .withProfile(profile)
        .addTo(person.withPersonToken(subject.token(person.personToken().token())));
  }

  /**
   * {@return the path of a training's state file; the file need not exist} Photos, settings, base
   * and {@code known} determine the path, so a stopped training finds its own state.
   *
   * @param folder the folder of the file
   * @param review the reviewed photos
   * @param known the traits in the {@link TrainingRequest}
   */
  public Path stateFile(Path folder, PhotoReview review, PersonProfile known) {
    return TrainingState.file(folder, engine.fingerprint(review, known));
  }
}
