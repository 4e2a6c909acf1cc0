/**
 * Foreign spellings of checkpoints, one table per network, both ways:
 * {@link dev.likeness.diffusion.layout.KeyLayout} says where a canonical tensor lies in a single
 * file, {@link dev.likeness.diffusion.layout.RelaidSource} reads it from there, and the
 * {@code …Shape} classes tell a network's config from names and shapes alone.
 */
package dev.likeness.diffusion.layout;
