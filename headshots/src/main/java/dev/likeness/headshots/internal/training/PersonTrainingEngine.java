package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.diffusion.internal.family.WeightsDigest;
import dev.likeness.diffusion.internal.memory.ForwardMemory;
import dev.likeness.diffusion.internal.pipeline.Engine;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.DeviceMemory;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.IpAdapterPerson;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferenceImagesPerson;
import dev.likeness.headshots.person.ReferencePhotos;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.TrainedModel;
import dev.likeness.lora.training.AspectBuckets;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingExample;
import dev.likeness.lora.training.TrainingMemory;
import dev.likeness.lora.training.TrainingPreview;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.embed.FaceEmbedder;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Trains persons from reviewed photos, or encodes them for an adapter.
 *
 * @param base the base model
 * @param settings the training settings for a number of photos
 * @param embedder makes the face embeddings in the person's file for measuring likeness
 * @param guidanceEmbedder makes the face embeddings in the person's file for face guidance
 * @param validation validates by likeness
 * @param details the settings that few trainings change
 */
public record PersonTrainingEngine(
    BaseModel base,
    IntFunction<TrainingSettings> settings,
    Optional<FaceEmbedder> embedder,
    Optional<FaceEmbedder> guidanceEmbedder,
    Optional<LikenessValidation> validation,
    Details details) {
  /**
   * Settings that few trainings change.
   *
   * @param trainingAdapter a LoRA file that is added to the base during the training; or null
   * @param size width and height of the training images; 0 for the base's default size
   * @param saveInterval steps between two saved states; 0 for the default
   * @param buckets the sizes of whole photos; empty to train on square crops of the head
   * @param preview true to generate an image after the first third of the training
   */
  public record Details(
      Path trainingAdapter,
      int size,
      int saveInterval,
      Optional<AspectBuckets> buckets,
      boolean preview) {
    public static final Details NONE = new Details(null, 0, 0, Optional.empty(), false);
  }

  /** The preview comes after this part of the training. */
  private static final int PREVIEW_DIVISOR = 3;

  /** Sampling steps of the preview: enough to recognise the person. */
  private static final int PREVIEW_STEPS = 12;

  private static final List<String> GRAY_CAPTIONS = List.of("black and white portrait of %s");

  public static PersonTrainingEngine on(BaseModel base, IntFunction<TrainingSettings> settings) {
    return new PersonTrainingEngine(
        base, settings, Optional.empty(), Optional.empty(), Optional.empty(), Details.NONE);
  }

  public PersonTrainingEngine settings(IntFunction<TrainingSettings> other) {
    return new PersonTrainingEngine(base, other, embedder, guidanceEmbedder, validation, details);
  }

  public PersonTrainingEngine embedder(FaceEmbedder other) {
    return new PersonTrainingEngine(
        base, settings, Optional.of(other), guidanceEmbedder, validation, details);
  }

  public PersonTrainingEngine guidanceEmbedder(Optional<FaceEmbedder> other) {
    return new PersonTrainingEngine(base, settings, embedder, other, validation, details);
  }

  public PersonTrainingEngine validation(LikenessValidation other) {
    return new PersonTrainingEngine(
        base, settings, embedder, guidanceEmbedder, Optional.of(other), details);
  }

  public PersonTrainingEngine trainingAdapter(Path file) {
    return details(
        new Details(file, details.size, details.saveInterval, details.buckets, details.preview));
  }

  public PersonTrainingEngine size(int pixels) {
    if (pixels < 1 || pixels % base.sizeMultiple() != 0) {
      throw new IllegalArgumentException(
          "the size of training images must be a positive multiple of " + base.sizeMultiple()
              + " pixels, got " + pixels);
    }
    return details(new Details(
        details.trainingAdapter, pixels, details.saveInterval, Optional.empty(), details.preview));
  }

  public PersonTrainingEngine buckets(AspectBuckets sizes) {
    if (sizes.step() % base.sizeMultiple() != 0) {
      throw new IllegalArgumentException("the step of aspect buckets must be a multiple of "
          + base.sizeMultiple() + " pixels on this base, got " + sizes.step());
    }
    return details(new Details(
        details.trainingAdapter,
        sizes.side(),
        details.saveInterval,
        Optional.of(sizes),
        details.preview));
  }

  public PersonTrainingEngine saveInterval(int steps) {
    if (steps < 1) {
      throw new IllegalArgumentException(
          "a state cannot be saved every " + steps + " steps; give at least 1");
    }
    return details(new Details(
        details.trainingAdapter, details.size, steps, details.buckets, details.preview));
  }

  public PersonTrainingEngine preview() {
    return details(new Details(
        details.trainingAdapter, details.size, details.saveInterval, details.buckets, true));
  }

  private PersonTrainingEngine details(Details others) {
    return new PersonTrainingEngine(base, settings, embedder, guidanceEmbedder, validation, others);
  }

  /** A number by which a stopped training finds its state: of photos, settings and base. */
  public int fingerprint(PhotoReview review, PersonProfile known) {
    List<Object> photos = review.accepted().stream()
        .<Object>map(
            photo -> List.of(photo.image(), photo.face(), photo.caption(), photo.repeats()))
        .toList();
    return Objects.hash(
        photos,
        known.toString(),
        settings(review).toString(),
        validation.map(LikenessValidation::interval),
        details.trainingAdapter,
        details.size,
        details.buckets,
        base.name(),
        WeightsDigest.of(EngineAccess.model(base)),
        base.compute().toString());
  }

  private int side() {
    return details.size == 0 ? base.defaults().width() : details.size;
  }

  public PersonStudy study(PhotoReview review, PersonProfile known, Run run) {
    return details.buckets.isPresent()
        ? PersonStudy.ofWhole(base, side(), review, known, run)
        : PersonStudy.ofLarge(base, side(), review, known, run);
  }

  public IpAdapterPerson ipAdapterPerson(
      PhotoReview review, PersonAdapter adapter, Consent consent, PersonProfile known, Run run) {
    PersonStudy study = PersonStudy.ofAll(base, review, known, run);
    return new IpAdapterPerson(
        adapter.prompt(review.accepted()).withPhrase(study.subject().classWord()),
        Optional.empty(),
        Optional.of(consent),
        adapter.name(),
        IdentityStrength.of(adapter.kind()),
        base.name(),
        personRecord(study, review));
  }

  /**
   * A person from reference images for a base that edits images. Photos that are no references
   * judge likeness; references give the faces for face guidance.
   */
  public ReferenceImagesPerson referenceImagesPerson(
      PhotoReview review, ReferencePhotos choice, Consent consent, PersonProfile known, Run run) {
    ReferencePhotos.Choice chosen = choice.choose(review, base);
    PersonRecord record = new PersonRecord(
        PersonStudy.ofAll(base, review, known, run).profile(),
        PersonRecord.traits(chosen.others()),
        PersonRecord.EMPTY.light(),
        guidanceEmbedder.map(eye -> FaceEmbeddings.of(chosen.references(), eye)),
        embedder
            .filter(eye -> !chosen.others().isEmpty())
            .map(eye -> FaceEmbeddings.of(chosen.others(), eye)));
    return ReferenceImagesPerson.of(base, choice.images(chosen.references(), base), record)
        .withConsent(consent);
  }

  private PersonRecord personRecord(PersonStudy study, PhotoReview review) {
    List<AcceptedPhoto> photos = review.accepted();
    return new PersonRecord(
        study.profile(),
        PersonRecord.traits(photos),
        PersonRecord.EMPTY.light(),
        guidanceEmbedder.map(eye -> FaceEmbeddings.of(photos, eye)),
        embedder.map(eye -> FaceEmbeddings.of(photos, eye)));
  }

  private TrainingSettings settings(PhotoReview review) {
    return settings.apply(review.accepted().size());
  }

  /**
   * The trainer with settings that fit into the device's memory, if its size is known.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException if no such training fits
   */
  private LoraTrainer fitToMemory(TrainingSettings asked) {
    LoraTrainer trainer = new LoraTrainer(asked);
    return trainer.fitting(base, side(), validation.isPresent(), memoryLimit());
  }

  public LoraPerson trainPerson(
      PhotoReview review, Consent consent, PersonProfile known, Path state, Run run) {
    TrainingSettings asked = settings(review);
    LoraTrainer fitting = fitToMemory(asked);
    if (!fitting.settings().equals(asked)) {
      run.progress()
          .onEvent(new ProgressEvent.Notice(
              "memory is short, so the training settings were changed; training needs about "
                  + fitting.memory(base, side(), side())));
    }
    PersonStudy study = study(review, known, run);
    List<SceneWords> scenes = study.scenes();
    TrainingSet set = trainingSet(
        study,
        scenes,
        consent,
        study.captions(asked.captions()),
        study.captions(GRAY_CAPTIONS),
        run.progress());
    TrainingSet previewed =
        withPreview(set, fitting, SceneWords.sharedLight(scenes), run.progress());
    LoraPerson trained = fitting.train(base, saving(previewed, state), run);
    try {
      return personRecord(study, review)
          .withLight(SceneWords.sharedLight(scenes))
          .addTo(trained);
    } catch (RuntimeException | Error e) {
      trained.close();
      throw e;
    }
  }

  public TrainedModel trainModel(
      PhotoReview review,
      Consent consent,
      PersonProfile known,
      DreamBooth method,
      Path state,
      Run run) {
    PersonStudy study = study(review, known, run);
    TrainingSet set = trainingSet(
        study,
        study.scenes(),
        consent,
        method.settings().captions(),
        GRAY_CAPTIONS,
        run.progress());
    return method.train(base, saving(set, state), run);
  }

  /** The training set: all examples, or with validation those of photos that are not held out. */
  private TrainingSet trainingSet(
      PersonStudy study,
      List<SceneWords> scenes,
      Consent consent,
      List<String> captions,
      List<String> grayCaptions,
      Progress progress) {
    List<Optional<String>> own = study.ownCaptions(progress);
    List<List<TrainingExample>> images = details
        .buckets
        .map(sizes -> PersonStudy.wholePhotos(sizes, study.photos(), scenes, own, captions))
        .orElseGet(() -> PersonStudy.trainingExamples(
            study.crops(), study.photos(), scenes, own, captions, grayCaptions));
    if (details.buckets.isPresent()) {
      progress.onEvent(new ProgressEvent.Notice(PersonStudy.sizes(images)));
    }
    PersonToken subject = study.subject().consent(consent.toJson());
    int photos = study.crops().size();
    List<Integer> heldOut =
        validation.isEmpty() ? List.of() : LikenessValidation.validationIndices(photos);
    if (validation.isPresent() && heldOut.isEmpty()) {
      progress.onEvent(new ProgressEvent.Notice(
          "there is no validation by likeness: it needs at least 5 photos, got " + photos));
    }
    List<TrainingExample> trained = IntStream.range(0, images.size())
        .filter(i -> !heldOut.contains(i))
        .mapToObj(images::get)
        .flatMap(List::stream)
        .toList();
    TrainingSet plain = TrainingSet.ofExamples(trained, subject);
    TrainingSet adapted =
        details.trainingAdapter == null ? plain : plain.trainingAdapter(details.trainingAdapter);
    TrainingSet set =
        details.saveInterval == 0 ? adapted : adapted.saveInterval(details.saveInterval);
    return heldOut.isEmpty()
        ? set
        : set.validation(validation
            .get()
            .validationOptions(
                heldOut.stream().map(study.photos()::get).toList(),
                ShootRequest.guidance(base),
                SceneWords.sharedLight(scenes)));
  }

  /** Adds a preview, if the settings ask for one and the device has the memory. */
  private TrainingSet withPreview(
      TrainingSet set, LoraTrainer trainer, PersonRecord.SharedLight light, Progress progress) {
    int step = trainer.settings().steps() / PREVIEW_DIVISOR;
    if (!details.preview || step == 0) {
      return set;
    }
    TrainingMemory training = trainer.memory(base, side(), side(), validation.isPresent());
    // The image is generated between two steps, which free their activations.
    long more = Math.max(0, generationMemory() - training.activations() - training.generation());
    if (training.bytes() + more > memoryLimit()) {
      progress.onEvent(new ProgressEvent.Notice("memory is short, so the training has no preview"));
      return set;
    }
    return set.preview(new TrainingPreview(
        step,
        LikenessValidation.request(ShootRequest.guidance(base), light)
            .steps(Math.min(PREVIEW_STEPS, base.defaults().steps()))));
  }

  /** The bytes of activations while an image of the default size is sampled or decoded. */
  private long generationMemory() {
    int width = base.defaults().width();
    int height = base.defaults().height();
    Engine engine = EngineAccess.engine(base);
    ForwardMemory sampling = engine.activations();
    int bytes = base.compute().dtype().bits() / Byte.SIZE;
    return Math.max(
        sampling.sampling(bytes, width, height, sampling.rows()),
        engine.model().autoencoder().decodingMemory(width, height));
  }

  private long memoryLimit() {
    return DeviceMemory.find(base.compute()).map(DeviceMemory::total).orElse(Long.MAX_VALUE);
  }

  private static TrainingSet saving(TrainingSet set, Path state) {
    return state == null ? set : set.stateFile(state);
  }
}
