/**
 * What can go wrong, by whose turn it is to act: the caller's input
 * ({@link dev.likeness.diffusion.error.InvalidInputException}), the machine
 * ({@link dev.likeness.diffusion.error.ResourceLimitException}), or nobody's
 * ({@link dev.likeness.diffusion.error.CancelledException}).
 */
package dev.likeness.diffusion.error;
