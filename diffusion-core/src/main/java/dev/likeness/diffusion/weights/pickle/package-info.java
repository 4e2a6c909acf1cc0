/**
 * PyTorch's own files ({@code .pt}, {@code .bin}, {@code .ckpt}), read without running them. Such a
 * file is a program; {@link dev.likeness.diffusion.weights.pickle.TorchPickle} follows only the few
 * instructions that lay out tensors and refuses every other by name. libtorch's own readers of
 * these files are never used.
 */
package dev.likeness.diffusion.weights.pickle;
