/**
 * Parametric people and their portraits: who someone is
 * ({@link dev.likeness.portrait.people.Person}), how they are photographed
 * ({@link dev.likeness.portrait.people.Shot}) and the image with its caption
 * ({@link dev.likeness.portrait.people.Renderer}). Pure Java, deterministic, one thread an image.
 *
 * <p>Lengths are decimetres: the head's origin lies midway between the eyes' height and the ears, x
 * to the image's right, y up, z towards the camera. Colours are linear RGB until the last step.
 */
package dev.likeness.portrait.people;
