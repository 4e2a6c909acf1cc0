/**
 * Image encoders: the networks behind {@link dev.likeness.ipadapter.ImageEncoder}. They prepare
 * images and encode them with a CLIP or SigLIP vision tower.
 */
package dev.likeness.ipadapter.internal.vision;
