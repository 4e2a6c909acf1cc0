package dev.likeness.lora.internal.algorithm;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Orthogonal matrices along a weight's diagonal, [number, size, size], each of which turns as many
 * inputs or outputs.
 */
final class Blocks {
  private Blocks() {}

  /** What is antisymmetric of square matrices, twice, f32. */
  static Tensor skew(Tensor matrices) {
    Tensor exact = matrices.to(ScalarType.Float);
    return exact.sub(exact.transpose(-1, -2));
  }

  /** Cayley's form of antisymmetric matrices Q: (1 - Q) (1 + Q)^-1. */
  static Tensor cayley(Tensor skew) {
    Tensor one = torch.eye(skew.size(-1));
    return torch.matmul(one.sub(skew), torch.inverse(one.add(skew)));
  }

  /**
   * The weight [out, in] of a layer whose inputs {@code turns}, or the only one of them each time,
   * turn first.
   */
  static Tensor ofInputs(Tensor weight, Tensor turns) {
    // The input is multiplied by the block, so a row of the weight by its transpose.
    Tensor inBlocks = weight.view(weight.size(0), -1, 1, turns.size(1));
    return torch.matmul(inBlocks, turns.transpose(1, 2)).view(weight.shape());
  }

  /**
   * The weight [out, in] of a layer whose outputs the transposed {@code turns}, or the only one of
   * them, turn afterwards.
   */
  static Tensor ofOutputs(Tensor weight, Tensor turns) {
    Tensor inBlocks = weight.reshape(-1, turns.size(1), weight.size(1));
    return torch.matmul(turns.transpose(1, 2), inBlocks).view(weight.shape());
  }
}
