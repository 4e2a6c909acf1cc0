package dev.likeness.portrait.people;

import java.util.Random;

/** Draws shots: which light, clothes and backdrops go with which style. */
final class ShotDraw {
  private static final Tint[] FORMAL = {
    Tint.BLACK,
    Tint.GRAY,
    Tint.CHARCOAL,
    Tint.NAVY,
    Tint.BLUE,
    Tint.BEIGE,
    Tint.BROWN,
    Tint.BURGUNDY,
    Tint.GREEN
  };
  private static final Tint[] GELS = {
    Tint.BLUE, Tint.RED, Tint.PURPLE, Tint.INDIGO, Tint.GREEN, Tint.ORANGE, Tint.PINK, Tint.TEAL
  };

  private ShotDraw() {}

  static Shot headshot(Random random, Style style) {
    Light light = light(random, style);
    Backdrop backdrop = backdrop(random, style);
    Outfit outfit = style == Style.OFFICE
        ? pick(random, Outfit.SUIT, Outfit.BLAZER, Outfit.SHIRT, Outfit.BLOUSE, Outfit.SWEATER)
        : Outfit.values()[random.nextInt(Outfit.HOODIE.ordinal())];
    float yaw = bell(random) * .38f;
    return new Shot(
        style,
        new Shot.Pose(yaw, bell(random) * .1f, bell(random) * .1f, yaw * .6f + bell(random) * .4f),
        new Shot.Gaze(gaze(random), bell(random) * .15f),
        new Shot.Mood(expression(random), .65f + .35f * random.nextFloat()),
        new Shot.Lighting(light, random.nextBoolean() ? 1 : -1, pick(random, GELS)),
        new Shot.Clothes(outfit, outfitTint(random, outfit), pattern(random, outfit)),
        new Shot.Background(backdrop, Tint.values()[random.nextInt(Tint.values().length)]),
        new Shot.Framing(
            11 + 6 * random.nextFloat(),
            .94f + .16f * random.nextFloat(),
            bell(random) * .06f,
            bell(random) * .05f),
        0,
        random.nextLong());
  }

  static Shot selfie(Random random) {
    Outfit outfit = pick(
        random,
        Outfit.T_SHIRT,
        Outfit.T_SHIRT,
        Outfit.HOODIE,
        Outfit.SWEATER,
        Outfit.SHIRT,
        Outfit.BLOUSE);
    Light light = pick(
        random,
        Light.SOFT,
        Light.SOFT,
        Light.WINDOW,
        Light.GOLDEN_HOUR,
        Light.FLASH,
        Light.BACKLIGHT);
    Backdrop backdrop = pick(
        random,
        Backdrop.ROOM,
        Backdrop.ROOM,
        Backdrop.PARK,
        Backdrop.STREET,
        Backdrop.BRICK,
        Backdrop.LIBRARY,
        Backdrop.PAPER);
    return new Shot(
        Style.SELFIE,
        new Shot.Pose(
            bell(random) * .44f, bell(random) * .17f, bell(random) * .14f, bell(random) * .35f),
        new Shot.Gaze(gaze(random), bell(random) * .2f),
        new Shot.Mood(expression(random), .6f + .4f * random.nextFloat()),
        new Shot.Lighting(light, random.nextBoolean() ? 1 : -1, pick(random, GELS)),
        new Shot.Clothes(outfit, outfitTint(random, outfit), pattern(random, outfit)),
        new Shot.Background(
            backdrop,
            pick(random, Tint.WHITE, Tint.BEIGE, Tint.GRAY, Tint.LIGHT_BLUE, Tint.YELLOW)),
        new Shot.Framing(
            4.6f + 2.4f * random.nextFloat(),
            .95f + .25f * random.nextFloat(),
            bell(random) * .18f,
            bell(random) * .1f),
        .25f + .75f * random.nextFloat(),
        random.nextLong());
  }

  private static Light light(Random random, Style style) {
    return switch (style) {
      case OUTDOOR ->
        pick(random, Light.SOFT, Light.GOLDEN_HOUR, Light.GOLDEN_HOUR, Light.BACKLIGHT);
      case OFFICE -> pick(random, Light.SOFT, Light.SOFT, Light.WINDOW);
      case MONOCHROME -> pick(random, Light.SOFT, Light.REMBRANDT, Light.RIM, Light.WINDOW);
      // Colours are rare elsewhere, and eight to pick from: they come twice.
      default ->
        pick(
            random,
            Light.SOFT,
            Light.COLOURED,
            Light.REMBRANDT,
            Light.RIM,
            Light.WINDOW,
            Light.BACKLIGHT,
            Light.FLASH,
            Light.COLOURED);
    };
  }

  private static Backdrop backdrop(Random random, Style style) {
    return switch (style) {
      case OUTDOOR ->
        pick(random, Backdrop.PARK, Backdrop.STREET, Backdrop.BRICK, Backdrop.PARK, Backdrop.BOKEH);
      case OFFICE -> pick(random, Backdrop.OFFICE, Backdrop.OFFICE, Backdrop.LIBRARY);
      case MONOCHROME -> pick(random, Backdrop.PAPER, Backdrop.GRADIENT);
      default -> pick(random, Backdrop.PAPER, Backdrop.PAPER, Backdrop.GRADIENT, Backdrop.BOKEH);
    };
  }

  private static Expression expression(Random random) {
    return pick(
        random,
        Expression.NEUTRAL,
        Expression.NEUTRAL,
        Expression.SMILE,
        Expression.SMILE,
        Expression.SMILE,
        Expression.LAUGH,
        Expression.LAUGH,
        Expression.SERIOUS,
        Expression.SURPRISED,
        Expression.SAD);
  }

  private static Tint outfitTint(Random random, Outfit outfit) {
    boolean formal = outfit == Outfit.SUIT || outfit == Outfit.BLAZER;
    return formal ? pick(random, FORMAL) : Tint.values()[random.nextInt(Tint.values().length)];
  }

  private static Pattern pattern(Random random, Outfit outfit) {
    if (random.nextFloat() < .7f || outfit == Outfit.TURTLENECK || outfit == Outfit.HOODIE) {
      return Pattern.PLAIN;
    }
    boolean formal = outfit == Outfit.SUIT || outfit == Outfit.BLAZER;
    return Pattern.values()[1 + random.nextInt(formal ? 2 : 3)];
  }

  private static float gaze(Random random) {
    return random.nextFloat() < .8f
        ? 0
        : (random.nextBoolean() ? 1 : -1) * (.6f + .4f * random.nextFloat());
  }

  /** About -1.5 to 1.5, mostly small. */
  private static float bell(Random random) {
    return (random.nextFloat() + random.nextFloat() + random.nextFloat() - 1.5f);
  }

  @SafeVarargs
  private static <T> T pick(Random random, T... from) {
    return from[random.nextInt(from.length)];
  }
}
