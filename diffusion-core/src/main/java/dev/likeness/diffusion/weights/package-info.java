/**
 * From files to layers: {@link dev.likeness.diffusion.weights.TensorSource} is a file,
 * {@link dev.likeness.diffusion.weights.LoadedWeights} its tensors on a device, and
 * {@link dev.likeness.diffusion.weights.Weights} the cursor that a module's constructor reads
 * through.
 */
package dev.likeness.diffusion.weights;
