/** Pixel operations: resampling, brightness, perceptual hashes. */
package dev.likeness.photos.internal.image;
