package dev.likeness.diffusion.internal.adapter;

/**
 * Changes nothing of what is drawn but rounding: layers multiply their weights as they were loaded,
 * and make no form of their own of them. For who holds the loaded weights anyway, as trainings do:
 * the forms would lie beside them, a network more.
 */
public enum UnpackedWeights implements Adaptation {
  /** There is one of it. */
  INSTANCE;

  @Override
  public boolean packs() {
    return false;
  }
}
