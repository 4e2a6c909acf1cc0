package dev.likeness.diffusion.weights;

import org.bytedeco.pytorch.Tensor;

/** A layer's weight as it lies in memory: as the layer computes with it, or smaller and widened at each use. */
@FunctionalInterface
public interface Matrix {
  /** A tensor that is used as it is. */
  record Plain(Tensor wide) implements Matrix { }

  /** The numbers to compute with; where they are widened the calling scope owns them. */
  Tensor wide();
}
