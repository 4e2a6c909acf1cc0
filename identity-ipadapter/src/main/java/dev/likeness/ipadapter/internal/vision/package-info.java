/**
 * Reference images as numbers: {@link dev.likeness.ipadapter.ImageEncoder} opens a CLIP or SigLIP
 * vision tower, prepares images as its folder says, and gives what an image prompt is made from.
 */
package dev.likeness.ipadapter.internal.vision;
