package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.Picture;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Renderer;
import dev.likeness.portrait.people.Shot;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;

/** Rendered selfies of a person as a training is given them: other ones than a {@link Gallery} knows them by. */
record LikenessSelfies(Person person, int side, FaceDetector detector) {
  private static final int SIDE = 512;
  private static final double MOST_ENLARGEMENT = 4;
  // A burst: the head turns by a few degrees between two of its photos.
  private static final float WAVER = .05f;

  /** Crops of {@code side} pixels to learn from; a selfie in which no face is found is taken again. */
  List<Picture> learnt(LikenessCase asked) {
    Random random = new Random(person.seed());
    Shot first = Shot.selfie(random);
    return crops(asked.selfies(), () -> asked.alike() ? wavering(first, random) : Shot.selfie(random));
  }

  /** Crops of selfies that nothing learns from, whatever the case. */
  List<Picture> unseen(int count) {
    Random random = new Random(~person.seed());
    return crops(count, () -> Shot.selfie(random));
  }

  private List<Picture> crops(int count, Supplier<Shot> shots) {
    List<Picture> crops = new ArrayList<>();
    for (int i = 0; crops.size() < count; i++) {
      Picture picture = Renderer.render(person, shots.get(), SIDE).picture();
      detector.detect(picture).stream().findFirst().ifPresent(face ->
          crops.add(AcceptedPhoto.of("selfie", picture, face).crop(side, MOST_ENLARGEMENT)));
      if (i > 20 * count) {
        throw new IllegalStateException("no face is found in selfies of " + person);
      }
    }
    return crops;
  }

  private static Shot wavering(Shot shot, Random random) {
    return shot.withPose(shot.yaw() + WAVER * (float) random.nextGaussian(),
        shot.pitch() + WAVER * (float) random.nextGaussian(), shot.roll());
  }
}
