package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.internal.generation.EditMask;
import dev.likeness.headshots.person.FaceTraits;
import dev.likeness.photos.internal.face.PersonMask;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.IntStream;

/**
 * Separates head and hair from clothes and background in a crop of head and shoulders, so that
 * training ignores the latter. Clothes can also get other colours.
 *
 * @param crop the crop
 * @param regions the regions of the crop
 * @param outline white on the person and a little beyond, with a soft edge
 * @param colour L*, a*, b* of the clothes; null if the crop shows none
 */
record ClothingMask(RgbImage crop, SceneRegions regions, RgbImage outline, double[] colour) {
  // In heights of the face's box, from its top: the chin, the row below which clothes are certain,
  // and the lower edge of the lips.
  private static final double CHIN = 1.1;
  private static final double SHOULDERS = 1.25;
  private static final double LIPS = 0.7;
  private static final double SHADED_DISTANCE = 30;
  private static final double GRAY = 12;
  // FEATHER is in widths of the face's box, MIN_OUTLINE_LEVEL is a level of the outline, 0 to 255.
  private static final double FEATHER = 0.1;
  private static final int MIN_OUTLINE_LEVEL = 40;

  static ClothingMask of(RgbImage crop, SceneRegions regions) {
    RgbImage outline = EditMask.blur(
        PersonMask.of(crop, regions.face()), FEATHER * regions.face().width());
    return new ClothingMask(crop, regions, outline, regions.clothingColour(crop));
  }

  /** The mask of the training loss: white on head and hair. */
  RgbImage mask() {
    boolean[] trained = trainedPixels();
    byte[] mask = new byte[trained.length * 3];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = (byte) (trained[i / 3] ? 255 : 0);
    }
    return RgbImage.of(crop.width(), crop.height(), mask);
  }

  /**
   * The crop with clothes of another colour, so that training sees no fixed colour at their edge.
   * The channels red, green and blue change places. Gray clothes get inverted lightness, or become
   * middle gray.
   *
   * @param turn 0 or 1, for two different results
   */
  RgbImage recolour(int turn) {
    if (colour == null) {
      return crop;
    }
    boolean[] worn = clothingPixels(SHADED_DISTANCE);
    boolean[] trained = trainedPixels();
    boolean gray = Math.hypot(colour[1], colour[2]) < GRAY;
    byte[] plain = crop.rgb();
    byte[] rgb = plain.clone();
    for (int i = 0; i < rgb.length; i++) {
      if (worn[i / 3] && !trained[i / 3]) {
        rgb[i] = !gray
            ? plain[i / 3 * 3 + (i + 1 + turn) % 3]
            : (byte) (turn == 0 ? 255 - (plain[i] & 0xff) : 128);
      }
    }
    return RgbImage.of(crop.width(), crop.height(), rgb);
  }

  private boolean[] trainedPixels() {
    boolean[] trained = clothingPixels(SceneRegions.SAME_COLOUR_DISTANCE);
    int side = crop.width();
    for (int i = 0; i < trained.length; i++) {
      trained[i] = !trained[i]
          && regions.isHead(i % side + 0.5, i / side + 0.5)
          && outline.at(i % side, i / side, 0) > MIN_OUTLINE_LEVEL;
    }
    return trained;
  }

  /**
   * Pixels of nearly the clothes' colour. The search starts where clothes are certain and fills
   * connected pixels, so that lips are not included. It ends at the chin, or at the lips if hair,
   * skin and beard have other colours, because the box of a face may be too large.
   */
  private boolean[] clothingPixels(double near) {
    int side = crop.width();
    boolean[] worn = new boolean[side * crop.height()];
    if (colour == null) {
      return worn;
    }
    boolean apart = regions.personColours(crop).stream()
        .allMatch(own -> SceneWords.distance(own, colour) > SHADED_DISTANCE);
    double top = rowBelow(apart ? LIPS : CHIN);
    Deque<Integer> open = new ArrayDeque<>();
    IntStream.range(0, worn.length)
        .filter(i -> i / side > Math.min(rowBelow(SHOULDERS), side - 2))
        .forEach(open::push);
    while (!open.isEmpty()) {
      int at = open.pop();
      boolean cloth = at / side > top
          && SceneWords.distance(FaceTraits.lab(crop, at % side, at / side), colour) < near;
      if (!worn[at] && cloth) {
        worn[at] = true;
        IntStream.of(
                at - side,
                at % side == 0 ? at : at - 1,
                at % side == side - 1 ? at : at + 1,
                at + side)
            .filter(next -> next >= 0 && next < worn.length && !worn[next])
            .forEach(open::push);
      }
    }
    return worn;
  }

  private double rowBelow(double faces) {
    return regions.face().y() + faces * regions.face().height();
  }
}
