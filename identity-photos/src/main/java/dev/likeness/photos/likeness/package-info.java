/**
 * Likeness as a measured thing: {@link dev.likeness.photos.likeness.HoldOut} says which photos may
 * be learnt from, {@link dev.likeness.photos.likeness.Likeness} compares pictures with the others,
 * on the person's own scale.
 */
package dev.likeness.photos.likeness;
