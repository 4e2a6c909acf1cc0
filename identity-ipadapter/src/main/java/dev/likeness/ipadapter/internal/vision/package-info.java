/**
 * Reference pictures as numbers: {@link dev.likeness.ipadapter.ImageEncoder} opens a CLIP or SigLIP
 * vision tower, prepares pictures as its folder says, and gives what an image prompt is made from.
 */
package dev.likeness.ipadapter.internal.vision;
