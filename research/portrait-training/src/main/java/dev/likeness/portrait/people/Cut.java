package dev.likeness.portrait.people;

/**
 * How a hair style grows.
 *
 * @param strands number of strands
 * @param points of each strand
 * @param length decimetres
 * @param volume how far the outermost strands stand off the skull
 * @param lift how much they start outwards rather than combed
 * @param gravity pull downwards
 * @param curl radius of the curls
 * @param frequency of the curls, radians a decimetre
 * @param clump size of what curls together
 * @param mess disorder at the root
 * @param thick half the thickness of a strand
 * @param comb which way
 * @param fade true when the sides are shorter than the top
 */
record Cut(
    int strands,
    int points,
    float length,
    float volume,
    float lift,
    float gravity,
    float curl,
    float frequency,
    float clump,
    float mess,
    float thick,
    Comb comb,
    boolean fade) {

  /** Ways to comb. */
  enum Comb {
    PART,
    BACK,
    FORWARD,
    CLOUD,
    GATHER
  }

  /** The cut of a person, or null for a bare or covered head. */
  static Cut of(Person p) {
    float wave = .02f + .05f * p.curl();
    return switch (p.hair()) {
      case BALD, HEADSCARF -> null;
      case BUZZ -> new Cut(3000, 2, .06f, .02f, 1f, 0, 0, 0, .1f, .8f, .010f, Comb.PART, true);
      case BALDING ->
        new Cut(1700, 5, .22f, .05f, .35f, 2f, wave * .3f, 9, .12f, .5f, .012f, Comb.PART, false);
      case SHORT ->
        new Cut(3600, 7, .50f, .17f, .4f, 2.2f, wave * .5f, 8, .16f, .5f, .0115f, Comb.PART, true);
      case SLICKED ->
        new Cut(3600, 9, .95f, .11f, .15f, .3f, wave * .2f, 5, .2f, .18f, .0115f, Comb.BACK, true);
      case SHORT_CURLY ->
        new Cut(3000, 6, .5f, .26f, .8f, 0, .052f, 0, .11f, .9f, .0125f, Comb.CLOUD, true);
      case AFRO ->
        new Cut(5500, 6, .52f, .52f, 1.4f, 0, .036f, 0, .06f, 1f, .0125f, Comb.CLOUD, false);
      case BOB ->
        new Cut(
            3700, 12, 1.45f, .17f, .3f, 3.2f, wave * .5f, 5, .25f, .15f, .0115f, Comb.PART, false);
      case FRINGE ->
        new Cut(
            3900,
            12,
            1.75f,
            .15f,
            .12f,
            3.2f,
            wave * .4f,
            4,
            .25f,
            .12f,
            .0115f,
            Comb.FORWARD,
            false);
      case SHOULDER ->
        new Cut(
            3700, 13, 1.95f, .16f, .3f, 3.2f, wave * .8f, 5, .25f, .2f, .0115f, Comb.PART, false);
      case LONG ->
        new Cut(
            3900, 15, 2.75f, .15f, .25f, 3.2f, wave * .4f, 3, .3f, .15f, .0115f, Comb.PART, false);
      case WAVY ->
        new Cut(3600, 18, 2.7f, .22f, .3f, 3f, .075f, 6.5f, .24f, .2f, .0115f, Comb.PART, false);
      case CURLY ->
        new Cut(2700, 34, 2.4f, .30f, .4f, 2.4f, .08f, 14, .16f, .4f, .0115f, Comb.PART, false);
      case PONYTAIL, BUN ->
        new Cut(2700, 9, 1.15f, .06f, .12f, 0, 0, 0, .2f, .06f, .013f, Comb.GATHER, false);
      case BRAIDS ->
        new Cut(2700, 10, 1.3f, .07f, .15f, 1.6f, 0, 0, .2f, .08f, .013f, Comb.PART, false);
    };
  }

  /** How strongly strands keep to their layer, 0 to 1. */
  float hug() {
    return switch (comb) {
      case CLOUD -> 0;
      case GATHER -> .8f;
      case BACK, FORWARD -> .8f;
      default -> .45f;
    };
  }

  boolean parted() {
    return comb == Comb.PART;
  }

  boolean fringe() {
    return comb == Comb.FORWARD || fade || length < .3f;
  }

  /** Which way the hair at a root is combed, into {@code out}. */
  void comb(float x, float y, float z, float part, float[] out) {
    float top = Maths.smooth(.25f, .85f, y);
    switch (comb) {
      case PART ->
        direct(
            out,
            (fade ? Maths.clamp((x - part) * 7, -1, 1) : Math.signum(x - part)) * (.3f + .9f * top),
            -.8f + .75f * top,
            fade ? .35f * top : -.28f);
      case BACK -> direct(out, .25f * x, .15f + .35f * Maths.smooth(.2f, .8f, z), -1);
      case FORWARD ->
        direct(
            out,
            x * .8f,
            -.5f,
            z > -.35f + .6f * Maths.noise(x * 40, z * 40, 1) && Math.abs(x) < .62f ? 1.0f : -.2f);
      case CLOUD -> direct(out, 0, 0, 0);
      case GATHER -> direct(out, -x * 1.1f, 1.05f - y, -.75f - z);
    }
  }

  private static void direct(float[] out, float x, float y, float z) {
    out[0] = x;
    out[1] = y;
    out[2] = z;
  }
}
