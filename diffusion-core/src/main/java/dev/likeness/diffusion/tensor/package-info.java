/**
 * Tensors' lifetimes, devices and noise. Memory is lexical: a
 * {@link dev.likeness.diffusion.internal.tensor.TensorScope} owns what is made inside it, a
 * {@link dev.likeness.diffusion.internal.tensor.TensorRegion} what outlives its maker.
 */
package dev.likeness.diffusion.tensor;
