package dev.likeness.diffusion.internal.sampling;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * What the network answers to one input under two prompts.
 *
 * @param negative under the negative prompt, [batch, channels, h, w], f32
 * @param positive under the prompt, same shape
 * @param weakened what the network made worse on purpose answers under the prompt, same shape; null
 *     where it is not asked
 */
public record Answers(Tensor negative, Tensor positive, Tensor weakened) {
  /** Without a weakened network's. */
  public Answers(Tensor negative, Tensor positive) {
    this(negative, positive, null);
  }

  /** The length of each picture's answer [batch, channels, h, w], as [batch, 1, 1, 1]. */
  static Tensor length(Tensor answer) {
    return torch.sqrt(answer.mul(answer).flatten(1, -1).sum(1)).view(-1, 1, 1, 1);
  }
}
