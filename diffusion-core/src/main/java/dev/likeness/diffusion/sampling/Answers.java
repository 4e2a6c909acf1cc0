package dev.likeness.diffusion.sampling;

import org.bytedeco.pytorch.Tensor;

/**
 * What the network answers to one input under two prompts.
 *
 * @param negative under the negative prompt, [batch, channels, h, w], f32
 * @param positive under the prompt, same shape
 */
public record Answers(Tensor negative, Tensor positive) { }
