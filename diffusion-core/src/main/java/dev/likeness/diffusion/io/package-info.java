/**
 * Writing to disk so that nothing is ever half there: {@link dev.likeness.diffusion.io.AtomicFile}.
 */
package dev.likeness.diffusion.io;
