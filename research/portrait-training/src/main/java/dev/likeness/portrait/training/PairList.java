package dev.likeness.portrait.training;

import dev.likeness.ipadapter.reference.Reference;
import dev.likeness.portrait.training.adapter.TrainingPair;
import java.util.AbstractList;
import java.util.RandomAccess;
import java.util.function.IntFunction;

/**
 * Each image as the target beside the face in another of the same person, read when it is asked
 * for.
 */
final class PairList extends AbstractList<TrainingPair> implements RandomAccess {
  private final RenderStore store;
  private final PeopleRenders renders;
  private final int people;
  private final IntFunction<float[]> seen;

  /** {@code seen} tells what an embedder sees of the face in an image, by its number. */
  PairList(RenderStore store, PeopleRenders renders, int people, IntFunction<float[]> seen) {
    this.store = store;
    this.renders = renders;
    this.people = people;
    this.seen = seen;
  }

  @Override
  public TrainingPair get(int index) {
    int first = index / PeopleRenders.SHOTS * PeopleRenders.SHOTS;
    int person = index / PeopleRenders.SHOTS;
    int other =
        first + (index - first + 1 + person % (PeopleRenders.SHOTS - 1)) % PeopleRenders.SHOTS;
    Reference face = Reference.face(seen.apply(other));
    return new TrainingPair(
        face,
        store.image(index),
        renders.captionBesideReference(index),
        FaceFocus.of(renders.landmarks(index), Architecture.PIXELS, Architecture.LATENT, false));
  }

  @Override
  public int size() {
    return people * PeopleRenders.SHOTS;
  }
}
