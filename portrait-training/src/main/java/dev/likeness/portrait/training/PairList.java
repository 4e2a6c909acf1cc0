package dev.likeness.portrait.training;

import dev.likeness.ipadapter.Reference;
import dev.likeness.ipadapter.TrainingPair;
import java.util.AbstractList;
import java.util.RandomAccess;

/** Each picture as the target beside the head in another of the same person, read when it is asked for. */
final class PairList extends AbstractList<TrainingPair> implements RandomAccess {
  private final RenderStore store;
  private final PeopleRenders renders;
  private final int people;

  PairList(RenderStore store, PeopleRenders renders, int people) {
    this.store = store;
    this.renders = renders;
    this.people = people;
  }

  @Override
  public TrainingPair get(int index) {
    int first = index / PeopleRenders.SHOTS * PeopleRenders.SHOTS;
    int person = index / PeopleRenders.SHOTS;
    int other = first + (index - first + 1 + person % (PeopleRenders.SHOTS - 1)) % PeopleRenders.SHOTS;
    return new TrainingPair(Reference.of(renders.head(store.picture(other), other)), store.picture(index), renders.caption(index),
        FaceFocus.of(renders.landmarks(index), Architecture.PIXELS, Architecture.LATENT));
  }

  @Override
  public int size() {
    return people * PeopleRenders.SHOTS;
  }
}
