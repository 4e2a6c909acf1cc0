package dev.likeness.portrait.training;

import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.portrait.training.adapter.TrainingPair;
import java.util.AbstractList;
import java.util.RandomAccess;

/** Each image as reference and target, read when it is asked for. */
final class PicturePairs extends AbstractList<TrainingPair> implements RandomAccess {
  private final RenderStore store;
  private final PeopleRenders renders;
  private final int images;

  PicturePairs(RenderStore store, PeopleRenders renders, int images) {
    this.store = store;
    this.renders = renders;
    this.images = images;
  }

  @Override
  public TrainingPair get(int index) {
    return new TrainingPair(
        Reference.of(store.image(index)),
        store.image(index),
        renders.captionBesideImage(index),
        FaceFocus.of(renders.landmarks(index), Architecture.PIXELS, Architecture.LATENT, false));
  }

  @Override
  public int size() {
    return images;
  }
}
