package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.tensor.DeviceMemory;
import dev.likeness.headshots.ShootRequest;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.IdentityStrength;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.ReferencePerson;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Learns people from reviewed photos, or shows them to an adapter.
 *
 * @param training how
 * @param embedder what a face is to it goes into the person's file
 * @param guide what a face is to it goes there too, to hold drawn faces to
 * @param watch looks at headshots on the way
 */
public record PersonTraining(
    BaseModel base,
    LoraTraining training,
    Optional<FaceEmbedder> embedder,
    Optional<FaceEmbedder> guide,
    Optional<LikenessValidation> watch) {
  private static final List<String> GRAY = List.of("black and white portrait of %s");

  public PersonTraining training(LoraTraining settings) {
    return new PersonTraining(base, settings, embedder, guide, watch);
  }

  public PersonTraining embedder(FaceEmbedder other) {
    return new PersonTraining(base, training, Optional.of(other), guide, watch);
  }

  public PersonTraining guide(Optional<FaceEmbedder> other) {
    return new PersonTraining(base, training, embedder, other, watch);
  }

  public PersonTraining watching(LikenessValidation other) {
    return new PersonTraining(base, training, embedder, guide, Optional.of(other));
  }

  public PersonStudy study(
      PhotoReview review, PersonProfile known, Progress steps, Cancellation cancellation) {
    return PersonStudy.ofLarge(base, review, known, steps, cancellation);
  }

  public ReferencePerson shown(
      PhotoReview review,
      PersonAdapter adapter,
      Consent consent,
      PersonProfile known,
      Progress steps,
      Cancellation cancellation) {
    PersonStudy study = PersonStudy.ofAll(base, review, known, steps, cancellation);
    Map<String, String> notes = new HashMap<>(Map.of(
        ReferencePerson.BASE,
        base.name(),
        PersonProfile.NOTE,
        study.profile().toJson(),
        PersonRecord.NOTE,
        PersonRecord.of(review.accepted()).toJson()));
    embedder.ifPresent(eye ->
        notes.put(FaceEmbeddings.NOTE, FaceEmbeddings.of(review.accepted(), eye).toJson()));
    guide.ifPresent(eye -> notes.put(
        FaceEmbeddings.GUIDE, FaceEmbeddings.of(review.accepted(), eye).toJson()));
    return new ReferencePerson(
        adapter.identity(review.accepted()).called(study.subject().classWord()),
        null,
        consent,
        adapter.name(),
        IdentityStrength.UNMEASURED,
        notes);
  }

  /**
   * As this machine's memory allows, where that is known. A base under a plan holds less than is
   * reckoned with here, so that its memory is left to who planned it.
   *
   * @throws dev.likeness.diffusion.error.ResourceLimitException where no such training fits into it
   */
  private LoraTrainer fitting() {
    LoraTrainer trainer = new LoraTrainer(training);
    if (base.memoryPlan().isPresent()) {
      return trainer;
    }
    long bytes =
        DeviceMemory.find(base.compute()).map(DeviceMemory::total).orElse(Long.MAX_VALUE);
    return trainer.fitting(base, watch.isPresent(), bytes);
  }

  public TrainedPerson person(
      PhotoReview review,
      Consent consent,
      PersonProfile known,
      Path state,
      Progress steps,
      Cancellation cancellation) {
    LoraTrainer fitting = fitting();
    if (!fitting.settings().equals(training)) {
      steps.on(new ProgressEvent.Notice(
          "memory is short, so that the settings were changed; learning takes about "
              + fitting.memory(base)));
    }
    PersonStudy study = study(review, known, steps, cancellation);
    List<SceneWords> scenes = study.scenes();
    TrainingSet set = set(
        study,
        consent,
        pictures(
            study.crops(),
            study.photos(),
            scenes,
            study.captions(training.captions()),
            study.captions(GRAY)),
        PersonRecord.SharedLight.of(scenes),
        steps);
    TrainedPerson learnt = fitting.train(base, set.state(state), steps, cancellation);
    try {
      TrainedPerson described =
          PersonRecord.SharedLight.of(scenes).in(study.profile().in(learnt));
      TrainedPerson measured = PersonRecord.of(review.accepted()).in(described);
      TrainedPerson person = guide
          .map(eye -> FaceEmbeddings.of(review.accepted(), eye).asGuideOf(measured))
          .orElse(measured);
      return embedder
          .map(eye -> FaceEmbeddings.of(review.accepted(), eye).in(person))
          .orElse(person);
    } catch (RuntimeException | Error e) {
      learnt.close();
      throw e;
    }
  }

  public TrainedModel whole(
      PhotoReview review,
      Consent consent,
      PersonProfile known,
      DreamBooth way,
      Path state,
      Progress steps,
      Cancellation cancellation) {
    PersonStudy study = study(review, known, steps, cancellation);
    List<SceneWords> scenes = study.scenes();
    TrainingSet set = set(
        study,
        consent,
        pictures(study.crops(), study.photos(), scenes, way.settings().captions(), GRAY),
        PersonRecord.SharedLight.of(scenes),
        steps);
    return way.train(base, set.state(state), steps, cancellation);
  }

  /**
   * Each crop four times, its surroundings left as the base draws them: called what it shows,
   * called only its light, which falls on the face too, called other clothes before another
   * backdrop, and called black and white, which it then is. Clothes have other colours than they
   * had, and no word for these, so that not even their edge becomes the person's: neither clothes
   * nor backdrop do, the words for them go on being followed, and what hair looks like without
   * colours is learnt, too.
   */
  static List<TrainingExample> pictures(
      List<RgbImage> crops,
      List<AcceptedPhoto> photos,
      List<SceneWords> scenes,
      List<String> captions,
      List<String> gray) {
    List<TrainingExample> pictures = new ArrayList<>();
    for (int i = 0; i < crops.size(); i++) {
      ClothingMask beside = ClothingMask.of(
          crops.get(i), SceneRegions.of(photos.get(i), crops.get(i).width()));
      RgbImage mask = beside.mask();
      List<RgbImage> dyed = List.of(beside.dyed(0), beside.dyed(1));
      String caption = captions.get(i % captions.size());
      SceneWords scene = scenes.get(i);
      List<SceneWords> said = List.of(scene.dyed(), scene.light(), scene.elsewhere(i));
      for (int turn = 0; turn < said.size(); turn++) {
        pictures.add(TrainingExample.of(dyed.get((i + turn) % 2))
            .mask(mask)
            .caption(caption + said.get(turn).tail()));
      }
      pictures.add(TrainingExample.of(Luma.of(crops.get(i)).picture())
          .mask(mask)
          .caption(gray.get(i % gray.size()) + scene.light().tail()));
    }
    return pictures;
  }

  /** What is learnt from: all photos, or, when it is watched, those that are not held out. */
  private TrainingSet set(
      PersonStudy study,
      Consent consent,
      List<TrainingExample> pictures,
      PersonRecord.SharedLight light,
      Progress steps) {
    PersonToken subject = study.subject().consent(consent.toJson());
    int photos = study.crops().size();
    List<Integer> held = watch.isEmpty() ? List.of() : LikenessValidation.heldOut(photos);
    if (watch.isPresent() && held.isEmpty()) {
      steps.on(new ProgressEvent.Notice("nothing is looked at on the way: of " + photos
          + " photos none is held out, of five one is"));
    }
    List<TrainingExample> learnt = IntStream.range(0, pictures.size())
        .filter(i -> !held.contains(i * photos / pictures.size()))
        .mapToObj(pictures::get)
        .toList();
    TrainingSet set = new TrainingSet(learnt, subject, null, null, Optional.empty());
    return held.isEmpty()
        ? set
        : set.previews(watch
            .get()
            .previews(
                held.stream().map(study.photos()::get).toList(),
                ShootRequest.guidance(base),
                light));
  }
}
