package dev.likeness.diffusion.internal.family.flux;

import dev.likeness.diffusion.image.RgbImage;

/**
 * The sizes of pictures that FLUX.1 Kontext was trained to edit, about a million pixels each.
 *
 * @param width in pixels
 * @param height in pixels
 */
record KontextSize(int width, int height) {
  private static final int CELL = 16;

  // diffusers' PREFERRED_KONTEXT_RESOLUTIONS; the narrow ones first, since of two as near it takes
  // the first.
  private static final int[][] SIZES = {
    {672, 1568},
    {688, 1504},
    {720, 1456},
    {752, 1392},
    {800, 1328},
    {832, 1248},
    {880, 1184},
    {944, 1104},
    {1024, 1024},
    {1104, 944},
    {1184, 880},
    {1248, 832},
    {1328, 800},
    {1392, 752},
    {1456, 720},
    {1504, 688},
    {1568, 672}
  };

  /**
   * The one whose sides are nearest in ratio to the picture's, which count in whole tokens, as in
   * diffusers.
   */
  static KontextSize nearest(RgbImage picture) {
    double ratio = (double) cells(picture.width()) / cells(picture.height());
    int[] best = SIZES[0];
    for (int[] size : SIZES) {
      if (Math.abs(ratio - (double) size[0] / size[1])
          < Math.abs(ratio - (double) best[0] / best[1])) {
        best = size;
      }
    }
    return new KontextSize(best[0], best[1]);
  }

  private static int cells(int side) {
    return Math.max(1, side / CELL);
  }
}
