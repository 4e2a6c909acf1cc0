package dev.likeness.headshots.person;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.face.BoundingBox;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Measures the tone of skin and the colour of hair from pixels. The word that fits most photos is
 * chosen, because the light of a single photo may mislead. The confidence is the share of photos
 * with this word, times a reliability below 1.
 */
final class PixelTraits {
  private static final double SKIN_RELIABILITY = 0.4;
  private static final double HAIR_RELIABILITY = 0.93;
  private static final double COLOUR_RELIABILITY = 0.56;
  // Bounds of the individual typology angle in degrees, lightest first (Chardon et al. 1991). The
  // last two classes of the paper share a word.
  private static final double[] TONE_BOUNDS = {55, 41, 28, -30};
  private static final List<String> SKIN_WORDS =
      List.of("pale skin", "fair skin", "olive skin", "brown skin", "dark skin");
  private static final double MAX_BALD_DISTANCE = 14;
  private static final int CELLS = 12;

  // CIE L*, a*, b* of hair in daylight.
  private static final Map<String, double[]> HAIR_COLOURS = hairColours();

  private PixelTraits() {}

  /**
   * Adds skin and hair to a profile, if they are not known yet.
   *
   * @param photos the person's photos, at least one
   * @param known the profile so far; its traits are kept
   * @return the profile with the measured traits
   */
  static PersonProfile of(List<AcceptedPhoto> photos, PersonProfile known) {
    PersonProfile profile = known;
    // Black-and-white photos have no vote about colours.
    List<AcceptedPhoto> coloured =
        photos.stream().filter(photo -> !Double.isNaN(skinTone(photo))).toList();
    if (profile.trait("skin").isEmpty() && !coloured.isEmpty()) {
      profile = profile.with(vote("skin", coloured, PixelTraits::skinWord, SKIN_RELIABILITY));
    }
    if (profile.trait("hair").isEmpty()) {
      profile = profile.with(vote(
          "hair", photos, photo -> isBald(photo) ? "a bald head" : "# hair", HAIR_RELIABILITY));
    }
    if (profile.trait("colour").isEmpty()
        && !coloured.isEmpty()
        && profile.trait("hair").orElseThrow().value().contains("#")) {
      profile = profile.with(vote("colour", coloured, PixelTraits::hairColour, COLOUR_RELIABILITY));
    }
    return profile;
  }

  private static PersonProfile.Trait vote(
      String slot,
      List<AcceptedPhoto> photos,
      Function<AcceptedPhoto, String> opinion,
      double reliability) {
    Map<String, Integer> votes = new LinkedHashMap<>();
    photos.forEach(photo -> votes.merge(opinion.apply(photo), 1, Integer::sum));
    Map.Entry<String, Integer> winner =
        votes.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow();
    return new PersonProfile.Trait(
        slot,
        winner.getKey(),
        reliability * winner.getValue() / photos.size(),
        PersonProfile.Trait.Source.PHOTOS);
  }

  static String skinWord(AcceptedPhoto photo) {
    double tone = skinTone(photo);
    int darker = (int) Arrays.stream(TONE_BOUNDS).filter(bound -> tone < bound).count();
    return SKIN_WORDS.get(darker);
  }

  private static double skinTone(AcceptedPhoto photo) {
    return FaceTraits.of(photo.image(), photo.face()).tone();
  }

  static boolean isBald(AcceptedPhoto photo) {
    return distance(crownColour(photo), meanColour(photo, 0.3, 0.5, 0.4, 0.12)) < MAX_BALD_DISTANCE;
  }

  static String hairColour(AcceptedPhoto photo) {
    double[] crown = crownColour(photo);
    return HAIR_COLOURS.entrySet().stream()
        .min(Comparator.comparingDouble(entry -> distance(crown, entry.getValue())))
        .orElseThrow()
        .getKey();
  }

  private static double[] crownColour(AcceptedPhoto photo) {
    return meanColour(photo, 0.3, -0.3, 0.4, 0.18);
  }

  /** The median L*, a*, b* in a rectangle, given in units of the face's box. */
  private static double[] meanColour(
      AcceptedPhoto photo, double x, double y, double width, double height) {
    BoundingBox box = photo.face().box();
    RgbImage cells = Resampler.AREA.resize(
        photo.image(),
        box.x() + x * box.width(),
        box.y() + y * box.height(),
        width * box.width(),
        height * box.height(),
        CELLS,
        CELLS);
    double[] lab = new double[3];
    for (int c = 0; c < 3; c++) {
      double[] values = new double[CELLS * CELLS];
      for (int i = 0; i < values.length; i++) {
        values[i] = FaceTraits.lab(cells, i % CELLS, i / CELLS)[c];
      }
      Arrays.sort(values);
      lab[c] = values[values.length / 2];
    }
    return lab;
  }

  private static double distance(double[] a, double[] b) {
    return Math.sqrt((a[0] - b[0]) * (a[0] - b[0])
        + (a[1] - b[1]) * (a[1] - b[1])
        + (a[2] - b[2]) * (a[2] - b[2]));
  }

  private static Map<String, double[]> hairColours() {
    Map<String, double[]> hair = new LinkedHashMap<>();
    hair.put("black", new double[] {10, 1, 1});
    hair.put("dark brown", new double[] {22, 7, 9});
    hair.put("brown", new double[] {35, 11, 17});
    hair.put("blond", new double[] {62, 6, 26});
    hair.put("red", new double[] {36, 24, 28});
    hair.put("gray", new double[] {50, 0, 2});
    hair.put("white", new double[] {78, 0, 3});
    return hair;
  }
}
