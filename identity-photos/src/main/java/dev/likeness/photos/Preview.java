package dev.likeness.photos;

import dev.likeness.diffusion.image.RgbImage;

/**
 * A photo made small, to be shown.
 *
 * @param picture upright
 * @param scale its pixels a pixel of the picture that faces were found in
 */
record Preview(RgbImage picture, double scale) {}
