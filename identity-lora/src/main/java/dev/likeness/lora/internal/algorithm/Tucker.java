package dev.likeness.lora.internal.algorithm;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Factors with a core between them (Tucker 1966; in LyCORIS {@code lora_mid}, {@code hada_t1},
 * {@code lokr_t2}).
 */
public final class Tucker {
  private Tucker() {}

  /** The core, if there is one, and the first factor as one window [rank, in, kernel, kernel]. */
  public static Tensor joined(LoraDelta pair) {
    if (pair.mid() == null) {
      return pair.down();
    }
    return windows(pair.mid(), pair.down().flatten(1, -1));
  }

  /**
   * The window [out, in, kernel, kernel] of a core [r, s, kernel, kernel] between left [r, out] and
   * right [s, in].
   */
  static Tensor window(Tensor core, Tensor left, Tensor right) {
    Tensor inner = windows(core, right);
    return torch
        .matmul(left.t(), inner.flatten(1, -1))
        .view(left.size(1), right.size(1), core.size(2), core.size(3));
  }

  private static Tensor windows(Tensor core, Tensor right) {
    Tensor rows = core.permute(0, 2, 3, 1).reshape(-1, core.size(1));
    return torch
        .matmul(rows, right)
        .view(core.size(0), core.size(2), core.size(3), -1)
        .permute(0, 3, 1, 2)
        .contiguous();
  }
}
