package dev.likeness.headshots;

import dev.likeness.diffusion.image.Picture;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The clothes in a crop of head and shoulders: to be left out of what is learnt, and to be given other colours.
 *
 * @param colour their L*, a*, b*; null when none are in the crop
 */
record Clothes(Picture crop, SceneRegions regions, double[] colour) {
  // Below this share of the face's height under its box clothes may begin.
  private static final double CHIN = 0.1;
  private static final double SAME = 20;
  private static final double SHADED = 30;
  private static final double GRAY = 12;

  static Clothes of(Picture crop, SceneRegions regions) {
    List<double[]> colours = regions.colours(crop, SceneRegions.Part.CLOTHES);
    return new Clothes(crop, regions, colours.isEmpty() ? null : SceneRegions.median(colours));
  }

  /** What is learnt of the crop, white: head and hair without the clothes before them. */
  Picture mask() {
    boolean[] learnt = learnt();
    byte[] mask = new byte[learnt.length * 3];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = (byte) (learnt[i / 3] ? 255 : 0);
    }
    return Picture.of(crop.width(), crop.height(), mask);
  }

  /**
   * The crop with clothes of another colour, so that what is learnt at their edge has no colour of its own: red, green and
   * blue change places, and gray clothes turn their lightness round or become middle gray.
   *
   * @param turn 0 for the crop as it is, 1 and 2 for two others
   */
  Picture dyed(int turn) {
    if (turn == 0 || colour == null) {
      return crop;
    }
    boolean[] worn = worn(SHADED);
    boolean[] learnt = learnt();
    boolean gray = Math.hypot(colour[1], colour[2]) < GRAY;
    byte[] plain = crop.rgb();
    byte[] rgb = plain.clone();
    for (int i = 0; i < rgb.length; i++) {
      if (worn[i / 3] && !learnt[i / 3]) {
        rgb[i] = !gray ? plain[i / 3 * 3 + (i + turn) % 3] : (byte) (turn == 1 ? 255 - (plain[i] & 0xff) : 128);
      }
    }
    return Picture.of(crop.width(), crop.height(), rgb);
  }

  private boolean[] learnt() {
    boolean[] learnt = worn(SAME);
    int side = crop.width();
    for (int i = 0; i < learnt.length; i++) {
      learnt[i] = !learnt[i] && regions.head(i % side + 0.5, i / side + 0.5);
    }
    return learnt;
  }

  /** Pixels of nearly their colour, from where clothes are for sure as far as such pixels touch: lips are none. */
  private boolean[] worn(double near) {
    int side = crop.width();
    boolean[] worn = new boolean[side * crop.height()];
    double chin = regions.face().y() + (1 + CHIN) * regions.face().height();
    Deque<Integer> open = new ArrayDeque<>();
    for (int i = 0; i < worn.length && colour != null; i++) {
      if (regions.shows(SceneRegions.Part.CLOTHES, i % side + 0.5, i / side + 0.5)) {
        open.push(i);
      }
    }
    while (!open.isEmpty()) {
      int at = open.pop();
      boolean cloth = at / side > chin && SceneWords.distance(FaceTraits.lab(crop, at % side, at / side), colour) < near;
      if (!worn[at] && cloth) {
        worn[at] = true;
        IntStream.of(at - side, at % side == 0 ? at : at - 1, at % side == side - 1 ? at : at + 1, at + side)
            .filter(next -> next >= 0 && next < worn.length && !worn[next]).forEach(open::push);
      }
    }
    return worn;
  }
}
