package dev.likeness.diffusion.text;

import org.bytedeco.pytorch.Tensor;

/**
 * A text as its encoder sees it.
 *
 * @param tokens one vector per token [batch, tokens, width]
 * @param pooled one vector per text [batch, width]
 */
public record TextEncoding(Tensor tokens, Tensor pooled) { }
