/**
 * GGUF files: {@link dev.likeness.diffusion.weights.gguf.Gguf} reads one, dequantising each tensor
 * as it is read.
 */
package dev.likeness.diffusion.weights.gguf;
