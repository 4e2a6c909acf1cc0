package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.tensor.DeviceMemory;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferencePerson;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.ipadapter.PersonAdapter;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.TrainedModel;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.lora.training.LoraTraining;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingExample;
import dev.likeness.lora.training.TrainingSet;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.internal.image.Luma;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Learns people from reviewed photos, or shows them to an adapter.
 *
 * @param training how
 * @param embedder what a face is to it goes into the person's file
 * @param guidanceEmbedder what a face is to it goes there too, to hold drawn faces to
 * @param validation looks at headshots on the way
 */
public record PersonTraining(
    BaseModel base,
    LoraTraining training,
    Optional<FaceEmbedder> embedder,
    Optional<FaceEmbedder> guidanceEmbedder,
    Optional<LikenessValidation> validation) {
  private static final List<String> GRAY_CAPTIONS = List.of("black and white portrait of %s");

  public PersonTraining training(LoraTraining settings) {
    return new PersonTraining(base, settings, embedder, guidanceEmbedder, validation);
  }

  public PersonTraining embedder(FaceEmbedder other) {
    return new PersonTraining(base, training, Optional.of(other), guidanceEmbedder, validation);
  }

  public PersonTraining guidanceEmbedder(Optional<FaceEmbedder> other) {
    return new PersonTraining(base, training, embedder, other, validation);
  }

  public PersonTraining validation(LikenessValidation other) {
    return new PersonTraining(base, training, embedder, guidanceEmbedder, Optional.of(other));
  }

  public PersonStudy study(
      PhotoReview review, PersonProfile known, Progress steps, Cancellation cancellation) {
    return PersonStudy.ofLarge(base, review, known, steps, cancellation);
  }

  public ReferencePerson referencePerson(
      PhotoReview review,
      PersonAdapter adapter,
      Consent consent,
      PersonProfile known,
      Progress steps,
      Cancellation cancellation) {
    PersonStudy study = PersonStudy.ofAll(base, review, known, steps, cancellation);
    return new ReferencePerson(
        adapter.prompt(review.accepted()).withPhrase(study.subject().classWord()),
        null,
        consent,
        adapter.name(),
        IdentityStrength.DEFAULT,
        base.name(),
        personRecord(study, review));
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

  /**
   * As this machine's memory allows, where that is known. A base under a plan holds less than is
   * reckoned with here, so that its memory is left to who planned it.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException where no such training fits into it
   */
  private LoraTrainer fitToMemory() {
    LoraTrainer trainer = new LoraTrainer(training);
    if (base.memoryPlan().isPresent()) {
      return trainer;
    }
    long bytes = DeviceMemory.find(base.compute()).map(DeviceMemory::total).orElse(Long.MAX_VALUE);
    return trainer.fitting(base, validation.isPresent(), bytes);
  }

  public TrainedPerson trainPerson(
      PhotoReview review,
      Consent consent,
      PersonProfile known,
      Path state,
      Progress steps,
      Cancellation cancellation) {
    LoraTrainer fitting = fitToMemory();
    if (!fitting.settings().equals(training)) {
      steps.onEvent(new ProgressEvent.Notice(
          "memory is short, so that the settings were changed; learning takes about "
              + fitting.memory(base)));
    }
    PersonStudy study = study(review, known, steps, cancellation);
    List<SceneWords> scenes = study.scenes();
    TrainingSet set = trainingSet(
        study,
        consent,
        trainingExamples(
            study.crops(),
            study.photos(),
            scenes,
            study.captions(training.captions()),
            study.captions(GRAY_CAPTIONS)),
        SceneWords.sharedLight(scenes),
        steps);
    TrainedPerson learnt = fitting.train(base, set.stateFile(state), steps, cancellation);
    try {
      return personRecord(study, review)
          .withLight(SceneWords.sharedLight(scenes))
          .addTo(learnt);
    } catch (RuntimeException | Error e) {
      learnt.close();
      throw e;
    }
  }

  public TrainedModel trainModel(
      PhotoReview review,
      Consent consent,
      PersonProfile known,
      DreamBooth way,
      Path state,
      Progress steps,
      Cancellation cancellation) {
    PersonStudy study = study(review, known, steps, cancellation);
    List<SceneWords> scenes = study.scenes();
    TrainingSet set = trainingSet(
        study,
        consent,
        trainingExamples(
            study.crops(), study.photos(), scenes, way.settings().captions(), GRAY_CAPTIONS),
        SceneWords.sharedLight(scenes),
        steps);
    return way.train(base, set.stateFile(state), steps, cancellation);
  }

  /**
   * Each crop four times, its surroundings left as the base draws them: called what it shows,
   * called only its light, which falls on the face too, called other clothes before another
   * backdrop, and called black and white, which it then is. Clothes have other colours than they
   * had, and no word for these, so that not even their edge becomes the person's: neither clothes
   * nor backdrop do, the words for them go on being followed, and what hair looks like without
   * colours is learnt, too.
   */
  static List<TrainingExample> trainingExamples(
      List<RgbImage> crops,
      List<AcceptedPhoto> photos,
      List<SceneWords> scenes,
      List<String> captions,
      List<String> gray) {
    List<TrainingExample> images = new ArrayList<>();
    for (int i = 0; i < crops.size(); i++) {
      ClothingMask beside = ClothingMask.of(
          crops.get(i), SceneRegions.of(photos.get(i), crops.get(i).width()));
      RgbImage mask = beside.mask();
      List<RgbImage> dyed = List.of(beside.recolour(0), beside.recolour(1));
      String caption = captions.get(i % captions.size());
      SceneWords scene = scenes.get(i);
      List<SceneWords> said =
          List.of(scene.withoutOutfitColour(), scene.lightOnly(), scene.withSceneOfStyle(i));
      for (int turn = 0; turn < said.size(); turn++) {
        images.add(TrainingExample.of(dyed.get((i + turn) % 2))
            .mask(mask)
            .caption(caption + said.get(turn).captionSuffix()));
      }
      images.add(TrainingExample.of(Luma.of(crops.get(i)).toImage())
          .mask(mask)
          .caption(gray.get(i % gray.size()) + scene.lightOnly().captionSuffix()));
    }
    return images;
  }

  /** What is learnt from: all photos, or, when it is watched, those that are not held out. */
  private TrainingSet trainingSet(
      PersonStudy study,
      Consent consent,
      List<TrainingExample> images,
      PersonRecord.SharedLight light,
      Progress steps) {
    PersonToken subject = study.subject().consent(consent.toJson());
    int photos = study.crops().size();
    List<Integer> held =
        validation.isEmpty() ? List.of() : LikenessValidation.validationIndices(photos);
    if (validation.isPresent() && held.isEmpty()) {
      steps.onEvent(new ProgressEvent.Notice("nothing is looked at on the way: of " + photos
          + " photos none is held out, of five one is"));
    }
    List<TrainingExample> learnt = IntStream.range(0, images.size())
        .filter(i -> !held.contains(i * photos / images.size()))
        .mapToObj(images::get)
        .toList();
    TrainingSet set = new TrainingSet(learnt, subject, null, null, Optional.empty());
    return held.isEmpty()
        ? set
        : set.validation(validation
            .get()
            .validationOptions(
                held.stream().map(study.photos()::get).toList(),
                ShootRequest.guidance(base),
                light));
  }
}
