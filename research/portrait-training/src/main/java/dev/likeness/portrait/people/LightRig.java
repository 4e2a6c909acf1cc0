package dev.likeness.portrait.people;

/**
 * The lamps of a shot. Lamp 0 casts shadows. Each lamp: direction (x, y, z), colour (r, g, b),
 * wrap.
 */
final class LightRig {
  final float[][] lamps;
  final float[] sky;
  final float[] ground;
  /** Width of the shadow's edge, decimetres. */
  final float softness;

  private LightRig(float softness, float[] sky, float[] ground, float[]... lamps) {
    this.softness = softness;
    this.sky = sky;
    this.ground = ground;
    this.lamps = lamps;
    for (float[] lamp : lamps) {
      float k = 1 / (float) Math.sqrt(lamp[0] * lamp[0] + lamp[1] * lamp[1] + lamp[2] * lamp[2]);
      lamp[0] *= k;
      lamp[1] *= k;
      lamp[2] *= k;
    }
  }

  static LightRig of(Shot shot) {
    float s = shot.lighting().side();
    return switch (shot.lighting().light()) {
      case SOFT ->
        new LightRig(
            .16f,
            gray(.34f),
            gray(.22f),
            lamp(.5f * s, .55f, .85f, .72f, .71f, .69f, .35f),
            lamp(-.7f * s, .2f, .7f, .2f, .2f, .21f, .4f),
            lamp(-.5f * s, .8f, -.8f, .3f, .3f, .3f, 0));
      case REMBRANDT ->
        new LightRig(
            .07f,
            gray(.11f),
            gray(.06f),
            lamp(.85f * s, .75f, .62f, 1.2f, 1.12f, 1.02f, .12f),
            lamp(-.8f * s, .1f, .6f, .09f, .09f, .1f, .3f),
            lamp(-.8f * s, .4f, -.8f, .4f, .39f, .38f, 0));
      case RIM ->
        new LightRig(
            .14f,
            gray(.16f),
            gray(.1f),
            lamp(.2f * s, .45f, .9f, .48f, .47f, .46f, .3f),
            lamp(-.95f, .25f, -.42f, 1.5f, 1.5f, 1.55f, 0),
            lamp(.95f, .25f, -.42f, 1.5f, 1.5f, 1.55f, 0));
      case BACKLIGHT ->
        new LightRig(
            .16f,
            gray(.36f),
            gray(.26f),
            lamp(.3f * s, .4f, .9f, .36f, .36f, .37f, .4f),
            lamp(.35f * s, .75f, -.7f, 2.3f, 2.15f, 1.9f, .05f),
            lamp(-.6f * s, .3f, -.7f, 1.1f, 1.05f, 1f, .05f));
      case WINDOW ->
        new LightRig(
            .14f,
            colour(.15f, .16f, .18f),
            gray(.1f),
            lamp(.95f * s, .3f, .38f, .98f, 1.0f, 1.04f, .4f),
            lamp(-.7f * s, .1f, .7f, .09f, .085f, .08f, .4f));
      case GOLDEN_HOUR ->
        new LightRig(
            .07f,
            colour(.26f, .25f, .28f),
            colour(.17f, .13f, .09f),
            lamp(.85f * s, .32f, .5f, 1.1f, .68f, .34f, .18f),
            lamp(-.75f * s, .35f, -.6f, 1.2f, .75f, .35f, .05f));
      case FLASH ->
        new LightRig(.03f, gray(.14f), gray(.1f), lamp(.08f * s, .2f, 1, .95f, .95f, .98f, .04f));
      case COLOURED -> coloured(shot.lighting().tint().colour, s);
    };
  }

  private static LightRig coloured(NamedColour tint, float s) {
    float k = 1 / Math.max(tint.r, Math.max(tint.g, tint.b));
    float r = .05f + tint.r * k;
    float g = .05f + tint.g * k;
    float b = .05f + tint.b * k;
    return new LightRig(
        .12f,
        colour(.14f * r, .14f * g, .14f * b),
        gray(.05f),
        lamp(.4f * s, .4f, .85f, .2f + .38f * r, .2f + .38f * g, .2f + .38f * b, .3f),
        lamp(-.95f * s, .2f, .15f, 1.3f * r, 1.3f * g, 1.3f * b, .25f),
        lamp(.9f * s, .35f, -.5f, 1.3f * r, 1.3f * g, 1.3f * b, .05f));
  }

  private static float[] lamp(float x, float y, float z, float r, float g, float b, float wrap) {
    return new float[] {x, y, z, r, g, b, wrap};
  }

  private static float[] gray(float v) {
    return colour(v, v, v * 1.02f);
  }

  private static float[] colour(float r, float g, float b) {
    return new float[] {r, g, b};
  }
}
