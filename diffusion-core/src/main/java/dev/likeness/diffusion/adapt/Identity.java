package dev.likeness.diffusion.adapt;

/** Somebody, as a base model was taught or shown them; travels with a request: {@code as(ada.at(0.8))}. */
public interface Identity {
  /** This person at a weight; 0 is nobody, 1 as learned. */
  Adapter at(double weight);

  /** The words by which a prompt calls this person, e.g. {@code sks woman}. */
  String phrase();
}
