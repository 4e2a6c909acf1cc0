package dev.likeness.portrait.evaluation;

import dev.likeness.photos.NoUsablePhotoException;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewOptions;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.quality.QualityLimits;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/**
 * Rendered selfies of a person as a training is given them: other ones than a {@link Gallery} knows
 * them by.
 */
record LikenessSelfies(Person person, FaceDetector detector) {
  private static final int SIDE = 512;
  // A burst: the head turns by a few degrees between two of its photos.
  private static final float WAVER = .05f;
  private static final ReviewOptions ALIKE_TOO = ReviewOptions.defaults()
      .withQualityLimits(QualityLimits.DEFAULT.with(
          ReasonCode.NEAR_DUPLICATE, new QualityLimits.Band(0, Double.NEGATIVE_INFINITY)));

  /**
   * Selfies to learn from, all of them accepted, however alike; one that the review sets aside is
   * taken again.
   */
  PhotoReview learnt(LikenessCase asked) {
    Random random = new Random(person.seed());
    Shot first = Shot.selfie(random);
    return reviewed(
        asked.selfies(), () -> asked.alike() ? wavering(first, random) : Shot.selfie(random));
  }

  /** Selfies that nothing learns from, whatever the case. */
  PhotoReview unseen(int count) {
    Random random = new Random(~person.seed());
    return reviewed(count, () -> Shot.selfie(random));
  }

  private PhotoReview reviewed(int count, Supplier<Shot> shots) {
    List<Photo> photos = new ArrayList<>();
    for (int i = 0; photos.size() < count; i++) {
      Photo photo = Photo.of(
          "selfie-" + i + ".png",
          Renderer.render(person, shots.get(), SIDE).image().toPng());
      if (isUsable(photo)) {
        photos.add(photo);
      } else if (i > 20 * count) {
        throw new IllegalStateException("no selfie of " + person + " can be used");
      }
    }
    return PhotoReview.of(PhotoSet.of(photos), detector, ALIKE_TOO);
  }

  private boolean isUsable(Photo photo) {
    try {
      return !PhotoReview.of(PhotoSet.of(List.of(photo)), detector, ALIKE_TOO)
          .accepted()
          .isEmpty();
    } catch (NoUsablePhotoException e) {
      return false;
    }
  }

  private static Shot wavering(Shot shot, Random random) {
    return shot.withPose(
        shot.pose().yaw() + WAVER * (float) random.nextGaussian(),
        shot.pose().pitch() + WAVER * (float) random.nextGaussian(),
        shot.pose().roll());
  }
}
