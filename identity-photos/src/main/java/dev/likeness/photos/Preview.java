package dev.likeness.photos;

import dev.likeness.diffusion.image.Picture;

/**
 * A photo made small, to be shown.
 *
 * @param picture upright
 * @param scale its pixels a pixel of the picture that faces were found in
 */
record Preview(Picture picture, double scale) {}
