/** Judging one photo: what is measured, the thresholds, and the reasons that come of it. */
package dev.likeness.photos.quality;
