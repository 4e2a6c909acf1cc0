/** Arithmetic on pixels: resampling, grey levels, fingerprints. */
package dev.likeness.photos.internal.image;
