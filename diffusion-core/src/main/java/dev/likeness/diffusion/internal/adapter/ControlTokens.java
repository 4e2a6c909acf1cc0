package dev.likeness.diffusion.internal.adapter;

import org.bytedeco.pytorch.Tensor;

/**
 * The tokens that a ControlNet attends to in place of the prompts' tokens, such as the identity
 * tokens of InstantID (Wang et al. 2024, arXiv:2401.07519, section 3.3).
 *
 * @param unconditional for the prediction with the negative prompt, [1, tokens, width]
 * @param conditional for the prediction with the prompt, of the same shape
 */
public record ControlTokens(Tensor unconditional, Tensor conditional) {}
