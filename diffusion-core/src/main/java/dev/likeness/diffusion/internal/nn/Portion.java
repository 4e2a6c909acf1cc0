package dev.likeness.diffusion.internal.nn;

/** Some of a network's tensors, brought into memory for as long as they are used. */
public interface Portion extends Parameters, AutoCloseable {
  /** Brings the tensors in, on whatever thread; before that none can be had. */
  void load();

  /** Frees them. */
  @Override
  void close();
}
