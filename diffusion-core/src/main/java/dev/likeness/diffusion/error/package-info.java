/**
 * What can go wrong, by whose turn it is to act: the caller's input
 * ({@link dev.likeness.diffusion.error.UnusableInput}), the machine
 * ({@link dev.likeness.diffusion.error.MachineLimit}), or nobody's
 * ({@link dev.likeness.diffusion.error.Cancelled}).
 */
package dev.likeness.diffusion.error;
