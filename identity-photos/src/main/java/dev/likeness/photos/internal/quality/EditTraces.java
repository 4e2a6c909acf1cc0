package dev.likeness.photos.internal.quality;

import dev.likeness.diffusion.image.RgbImage;

/**
 * Bars around a picture, as screenshots and slides have them: flat strips of one colour on two
 * opposite sides.
 */
final class EditTraces {
  private static final int TOLERANCE = 10;

  private EditTraces() {}

  /**
   * The share of the picture, 0 to 1, that bars at the top and bottom, or left and right, take up.
   */
  static double of(RgbImage picture) {
    int top = strips(picture, true, false);
    int bottom = strips(picture, true, true);
    int left = strips(picture, false, false);
    int right = strips(picture, false, true);
    double rows =
        top > 0 && bottom > 0 ? Math.min(1, (double) (top + bottom) / picture.height()) : 0;
    double columns =
        left > 0 && right > 0 ? Math.min(1, (double) (left + right) / picture.width()) : 0;
    return Math.max(rows, columns);
  }

  private static int strips(RgbImage picture, boolean rows, boolean fromEnd) {
    int lines = rows ? picture.height() : picture.width();
    int length = rows ? picture.width() : picture.height();
    int first = fromEnd ? lines - 1 : 0;
    int count = 0;
    while (count < lines
        && flat(picture, rows, fromEnd ? lines - 1 - count : count, length, first)) {
      count++;
    }
    return count;
  }

  // Each pixel of the line is the colour of the outermost corner.
  private static boolean flat(RgbImage picture, boolean rows, int line, int length, int first) {
    for (int i = 0; i < length; i++) {
      for (int channel = 0; channel < 3; channel++) {
        int here = rows ? picture.at(i, line, channel) : picture.at(line, i, channel);
        int corner = rows ? picture.at(0, first, channel) : picture.at(first, 0, channel);
        if (Math.abs(here - corner) > TOLERANCE) {
          return false;
        }
      }
    }
    return true;
  }
}
