package dev.likeness.headshots.internal.training;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.internal.generation.EditMask;
import dev.likeness.headshots.person.FaceTraits;
import dev.likeness.photos.internal.face.PersonMask;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.IntStream;

/**
 * What a crop of head and shoulders shows beside the person, the clothes and the wall: to be left
 * out of what is learnt. Clothes can be given other colours.
 *
 * @param outline white where the person is and a little beside, softly
 * @param colour the clothes' L*, a*, b*; null when none are in the crop
 */
record ClothingMask(RgbImage crop, SceneRegions regions, RgbImage outline, double[] colour) {
  // In shares of the height of the face's box, from its top: the chin, where clothes are for sure,
  // and where lips end.
  private static final double CHIN = 1.1;
  private static final double SHOULDERS = 1.25;
  private static final double LIPS = 0.7;
  private static final double SHADED_DISTANCE = 30;
  private static final double GRAY = 12;
  // In widths of the face's box, and of 255.
  private static final double FEATHER = 0.1;
  private static final int SEARCH_RADIUS = 40;

  static ClothingMask of(RgbImage crop, SceneRegions regions) {
    RgbImage outline = EditMask.blur(
        PersonMask.of(crop, regions.face()), FEATHER * regions.face().width());
    return new ClothingMask(crop, regions, outline, regions.clothingColour(crop));
  }

  /** What is learnt of the crop, white: head and hair. */
  RgbImage mask() {
    boolean[] learnt = trainedPixels();
    byte[] mask = new byte[learnt.length * 3];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = (byte) (learnt[i / 3] ? 255 : 0);
    }
    return RgbImage.of(crop.width(), crop.height(), mask);
  }

  /**
   * The crop with clothes of another colour, so that what is learnt at their edge has no colour of
   * its own: red, green and blue change places, and gray clothes turn their lightness round or
   * become middle gray.
   *
   * @param turn 0 or 1, for two others
   */
  RgbImage recolour(int turn) {
    if (colour == null) {
      return crop;
    }
    boolean[] worn = clothingPixels(SHADED_DISTANCE);
    boolean[] learnt = trainedPixels();
    boolean gray = Math.hypot(colour[1], colour[2]) < GRAY;
    byte[] plain = crop.rgb();
    byte[] rgb = plain.clone();
    for (int i = 0; i < rgb.length; i++) {
      if (worn[i / 3] && !learnt[i / 3]) {
        rgb[i] = !gray
            ? plain[i / 3 * 3 + (i + 1 + turn) % 3]
            : (byte) (turn == 0 ? 255 - (plain[i] & 0xff) : 128);
      }
    }
    return RgbImage.of(crop.width(), crop.height(), rgb);
  }

  private boolean[] trainedPixels() {
    boolean[] learnt = clothingPixels(SceneRegions.SAME_COLOUR_DISTANCE);
    int side = crop.width();
    for (int i = 0; i < learnt.length; i++) {
      learnt[i] = !learnt[i]
          && regions.isHead(i % side + 0.5, i / side + 0.5)
          && outline.at(i % side, i / side, 0) > SEARCH_RADIUS;
    }
    return learnt;
  }

  /**
   * Pixels of nearly the clothes' colour, from where clothes are for sure as far as such pixels
   * touch, so that lips are none: up to the chin, or under a box that is too large even higher,
   * unless hair, skin or beard is of such a colour.
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
