package dev.likeness.planted.schedulers;

import org.bytedeco.pytorch.Tensor;

/** A solver that sees a tensor. */
public final class HoldsTensor {
  Tensor sample;
}
