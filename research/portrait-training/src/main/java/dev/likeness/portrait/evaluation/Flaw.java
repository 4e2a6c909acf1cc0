package dev.likeness.portrait.evaluation;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.internal.score.PairNetwork;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.photos.face.Face;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Portrait;
import dev.likeness.portrait.training.WornPicture;
import java.util.Random;

/** Something done to a flawless image, and the score that has to see it. */
enum Flaw {
  BLUR(ScoreAspect.SHARPNESS, (c, s) -> c.blurred(Flaw.blurring(s))),
  DARK(ScoreAspect.EXPOSURE, (c, s) -> c.each((x, y, ch, v) -> v * Math.pow(2, -2.2 * s))),
  BURNT(ScoreAspect.EXPOSURE, (c, s) -> c.each((x, y, ch, v) -> v * (1 + 1.6 * s))),
  NOISE(ScoreAspect.NOISE, (c, s) -> {
    Random random = new Random(5);
    return c.each((x, y, ch, v) -> v + 16 * s * random.nextGaussian());
  }),
  BLOCKS(ScoreAspect.COMPRESSION, (c, s) -> c.jpeg(0.5 - 0.47 * s)),
  CROSSED_LIGHT(
      ScoreAspect.LIGHT_DIRECTION,
      (c, s) -> c.each((x, y, ch, v) -> v
          * Math.pow(
              2,
              1.4 * s * c.inFace(x, y) * Math.tanh(4 * c.across(x)) * -Math.tanh(5 * c.down(y))))),
  FLAT_LIGHT(ScoreAspect.LIGHT_FALLOFF, (c, s) -> c.flattened(s * (2 - s))),
  STRETCHED(
      ScoreAspect.PROPORTIONS,
      (c, s) -> c.moved((x, y) -> new double[] {c.faceX() + (x - c.faceX()) / (1 + 0.6 * s), y})),
  SHIFTED_HALF(
      ScoreAspect.SYMMETRY,
      (c, s) -> c.moved((x, y) -> new double[] {x, y + (x > c.faceX() ? 0.1 * s * c.width() : 0)})),
  BLOTCHED_EYE(ScoreAspect.EYES, (c, s) -> c.blotched(c.eye(), 0.19, s)),
  SMEARED_MOUTH(ScoreAspect.MOUTH, (c, s) -> c.smeared(s)),
  DOUBLED_EAR(ScoreAspect.EARS, (c, s) -> c.doubled(s)),
  WAXED_SKIN(ScoreAspect.SKIN_WAX, (c, s) -> c.waxed(s * (2 - s))),
  OVER_SHARP(ScoreAspect.SKIN_SHARP, (c, s) -> c.sharpened(4 * s)),
  RIM(ScoreAspect.HAIR_EDGES, (c, s) -> c.rimmed(s)),
  SEAM(ScoreAspect.BACKGROUND, (c, s) -> c.each((x, y, ch, v) -> v + (x >= c.seam() ? 16 * s : 0))),
  WRITING(ScoreAspect.TEXT, (c, s) -> c.written(s)),
  CROSSED_EYES(ScoreAspect.GAZE, (c, s) -> new PersonFlaws(c).squinting(s * (2 - s))),
  FADED_RIM(
      ScoreAspect.GLASSES,
      (c, s) -> new PersonFlaws(c).oneOf(PairNetwork.Accessory.GLASSES, s * (2 - s))),
  FADED_EARRING(
      ScoreAspect.JEWELLERY,
      (c, s) -> new PersonFlaws(c).oneOf(PairNetwork.Accessory.HOOPS, s * (2 - s))),
  HAND(ScoreAspect.HANDS, (c, s) -> new PersonFlaws(c).handed(s));

  private interface Change {
    RgbImage of(FlawCanvas canvas, double strength);
  }

  private final ScoreAspect aspect;
  private final Change change;

  Flaw(ScoreAspect aspect, Change change) {
    this.aspect = aspect;
    this.change = change;
  }

  /** The standard deviation of a blur of that strength, in pixels. */
  static double blurring(double strength) {
    return 2.6 * strength;
  }

  /** Which score has to see it. */
  ScoreAspect aspect() {
    return aspect;
  }

  /** Whether it moves the face, which then has to be found anew. */
  boolean movesTheFace() {
    return this == STRETCHED || this == SHIFTED_HALF;
  }

  /** Whether its score wants landmarks, which the cascades do not give. */
  boolean wantsLandmarks() {
    return aspect == ScoreAspect.PROPORTIONS;
  }

  /**
   * Whether it can be seen on somebody: a doubled ear where ears are, half a pair of glasses on who
   * wears some.
   */
  boolean shows(Person person) {
    return switch (this) {
      case DOUBLED_EAR -> person.hair().showsEars();
      case FADED_RIM -> WornPicture.isWorn(person, PairNetwork.Accessory.GLASSES);
      // Studs are four pixels wide and often behind the lobe.
      case FADED_EARRING -> WornPicture.isWorn(person, PairNetwork.Accessory.HOOPS);
      default -> true;
    };
  }

  /**
   * Whether it can be seen in a portrait of such a person: of a pair, both have to be to be seen.
   */
  boolean shows(Portrait portrait) {
    if (this != FADED_EARRING) {
      return true;
    }
    WornPicture hoops = WornPicture.of(portrait, PairNetwork.Accessory.HOOPS);
    return hoops.visible(-1) == 1 && hoops.visible(1) == 1;
  }

  /** The portrait with the flaw at a strength in 0..1. */
  RgbImage on(Portrait portrait, Face face, double strength) {
    return change.of(new FlawCanvas(portrait, face), strength);
  }
}
