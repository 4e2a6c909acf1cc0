package dev.likeness.headshots;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.progress.Cancellation;
import dev.likeness.diffusion.progress.Progress;
import dev.likeness.lora.DreamBooth;
import dev.likeness.lora.LoraTraining;
import dev.likeness.lora.Subject;
import dev.likeness.lora.TrainedModel;
import dev.likeness.lora.TrainedPerson;
import dev.likeness.lora.TrainingSet;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.embed.FaceEmbedder;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Learns people from reviewed photos.
 *
 * @param training how
 * @param embedder what a face is to it goes into the person's file
 * @param watch looks at headshots on the way
 */
record Learning(BaseModel base, LoraTraining training, Optional<FaceEmbedder> embedder, Optional<LikenessWatch> watch) {
  Learning training(LoraTraining settings) {
    return new Learning(base, settings, embedder, watch);
  }

  Learning embedder(FaceEmbedder other) {
    return new Learning(base, training, Optional.of(other), watch);
  }

  Learning watching(LikenessWatch other) {
    return new Learning(base, training, embedder, Optional.of(other));
  }

  TrainedPerson person(PhotoReview review, Consent consent, PersonProfile known, Path state, Progress steps,
      Cancellation cancellation) {
    PersonStudy study = PersonStudy.of(base, review, known, steps, cancellation);
    TrainedPerson learnt =
        study.profile().in(training.train(base, set(study, review, consent).state(state), steps, cancellation));
    TrainedPerson person = FaceMeasures.of(review.accepted()).in(learnt);
    return embedder.map(eye -> FaceReferences.of(review.accepted(), eye).in(person)).orElse(person);
  }

  TrainedModel whole(PhotoReview review, Consent consent, PersonProfile known, DreamBooth way, Path state, Progress steps,
      Cancellation cancellation) {
    PersonStudy study = PersonStudy.of(base, review, known, steps, cancellation);
    return way.train(base, set(study, review, consent).state(state), steps, cancellation);
  }

  /** What is learnt from: all photos, or, when it is watched, those that are not held out. */
  private TrainingSet set(PersonStudy study, PhotoReview review, Consent consent) {
    Subject subject = study.subject().consent(consent.toJson());
    List<Integer> held = watch.isEmpty() ? List.of() : LikenessWatch.heldOut(study.crops().size());
    if (held.isEmpty()) {
      return TrainingSet.of(study.crops(), subject);
    }
    List<Picture> learnt = IntStream.range(0, study.crops().size()).filter(i -> !held.contains(i))
        .mapToObj(study.crops()::get).toList();
    return TrainingSet.of(learnt, subject)
        .previews(watch.get().previews(held.stream().map(review.accepted()::get).toList(), ShootRequest.guidance(base)));
  }
}
