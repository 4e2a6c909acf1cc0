/**
 * The layers networks are made of. A layer is a final class: its constructor reads its weights by
 * the checkpoint's own names, {@code forward} computes and owns nothing.
 */
package dev.likeness.diffusion.nn;
