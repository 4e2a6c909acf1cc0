package dev.likeness.portrait.people;

import java.util.Random;

/**
 * How somebody is photographed: everything that may change from one photo to the next. Immutable.
 *
 * @param style kind of photo
 * @param yaw radians, positive towards the image's right
 * @param pitch radians, positive down
 * @param roll radians, positive against the clock
 * @param bodyYaw radians, of the shoulders
 * @param gazeX where the eyes turn, -1 (image's left) to 1; 0 is into the lens
 * @param gazeY -1 (down) to 1 (up)
 * @param expression what the face does
 * @param strength how much of it, 0 to 1
 * @param light how the scene is lit
 * @param side where the key light stands, -1 (image's left) or 1
 * @param lightTint colour of {@link Light#COLOURED}
 * @param outfit what is worn
 * @param outfitTint its colour
 * @param pattern its pattern
 * @param backdrop what is behind
 * @param backdropTint its colour, where it has one
 * @param distance of the camera in decimetres: 4 a selfie, 15 a portrait lens
 * @param zoom size of the head in the frame, about 1
 * @param shiftX of the frame in head widths
 * @param shiftY of the frame in head heights
 * @param noise sensor noise and phone flaws, 0 (none) to 1
 * @param seed of everything small: noise, stray strands, books on the shelf
 */
public record Shot(
    Style style,
    float yaw,
    float pitch,
    float roll,
    float bodyYaw,
    float gazeX,
    float gazeY,
    Expression expression,
    float strength,
    Light light,
    int side,
    Tint lightTint,
    Outfit outfit,
    Tint outfitTint,
    Pattern pattern,
    Backdrop backdrop,
    Tint backdropTint,
    float distance,
    float zoom,
    float shiftX,
    float shiftY,
    float noise,
    long seed) {

  /**
   * How far the irises lie from the middles of the eyes, in halves of an eye's width, positive
   * towards the image's right: eyes stay on the lens when the head turns, and turn so far at most.
   */
  public float irisX() {
    return Math.max(-.58f, Math.min(.58f, -.72f * (float) Math.sin(yaw) + .5f * gazeX));
  }

  /** A photographer's portrait in any style but {@link Style#SELFIE}. */
  public static Shot headshot(Random random) {
    return ShotDraw.headshot(random, Style.values()[random.nextInt(Style.SELFIE.ordinal())]);
  }

  /** A photographer's portrait in the style asked for. */
  public static Shot headshot(Random random, Style style) {
    return style == Style.SELFIE ? selfie(random) : ShotDraw.headshot(random, style);
  }

  /** A phone held at arm's length, with its flaws. */
  public static Shot selfie(Random random) {
    return ShotDraw.selfie(random);
  }

  /** The same in another style. */
  public Shot withStyle(Style value) {
    return new Shot(
        value,
        yaw,
        pitch,
        roll,
        bodyYaw,
        gazeX,
        gazeY,
        expression,
        strength,
        light,
        side,
        lightTint,
        outfit,
        outfitTint,
        pattern,
        backdrop,
        backdropTint,
        distance,
        zoom,
        shiftX,
        shiftY,
        noise,
        seed);
  }

  /** The same with the head turned otherwise, in radians. */
  public Shot withPose(float newYaw, float newPitch, float newRoll) {
    return new Shot(
        style,
        newYaw,
        newPitch,
        newRoll,
        bodyYaw,
        gazeX,
        gazeY,
        expression,
        strength,
        light,
        side,
        lightTint,
        outfit,
        outfitTint,
        pattern,
        backdrop,
        backdropTint,
        distance,
        zoom,
        shiftX,
        shiftY,
        noise,
        seed);
  }

  /** The same with the eyes turned otherwise, each -1 to 1. */
  public Shot withGaze(float x, float y) {
    return new Shot(
        style,
        yaw,
        pitch,
        roll,
        bodyYaw,
        x,
        y,
        expression,
        strength,
        light,
        side,
        lightTint,
        outfit,
        outfitTint,
        pattern,
        backdrop,
        backdropTint,
        distance,
        zoom,
        shiftX,
        shiftY,
        noise,
        seed);
  }

  /** The same with another expression, of strength 0 to 1. */
  public Shot withExpression(Expression value, float newStrength) {
    return new Shot(
        style,
        yaw,
        pitch,
        roll,
        bodyYaw,
        gazeX,
        gazeY,
        value,
        newStrength,
        light,
        side,
        lightTint,
        outfit,
        outfitTint,
        pattern,
        backdrop,
        backdropTint,
        distance,
        zoom,
        shiftX,
        shiftY,
        noise,
        seed);
  }

  /** The same in other light; {@code tint} matters for {@link Light#COLOURED} alone. */
  public Shot withLight(Light value, Tint tint) {
    return new Shot(
        style,
        yaw,
        pitch,
        roll,
        bodyYaw,
        gazeX,
        gazeY,
        expression,
        strength,
        value,
        side,
        tint,
        outfit,
        outfitTint,
        pattern,
        backdrop,
        backdropTint,
        distance,
        zoom,
        shiftX,
        shiftY,
        noise,
        seed);
  }

  /** The same in other clothes. */
  public Shot withOutfit(Outfit value, Tint tint, Pattern cloth) {
    return new Shot(
        style,
        yaw,
        pitch,
        roll,
        bodyYaw,
        gazeX,
        gazeY,
        expression,
        strength,
        light,
        side,
        lightTint,
        value,
        tint,
        cloth,
        backdrop,
        backdropTint,
        distance,
        zoom,
        shiftX,
        shiftY,
        noise,
        seed);
  }

  /** The same before something else; {@code tint} matters where {@link Backdrop#tinted()}. */
  public Shot withBackdrop(Backdrop value, Tint tint) {
    return new Shot(
        style,
        yaw,
        pitch,
        roll,
        bodyYaw,
        gazeX,
        gazeY,
        expression,
        strength,
        light,
        side,
        lightTint,
        outfit,
        outfitTint,
        pattern,
        value,
        tint,
        distance,
        zoom,
        shiftX,
        shiftY,
        noise,
        seed);
  }

  /** The same with more or fewer of a phone's flaws, 0 to 1. */
  public Shot withNoise(float value) {
    return new Shot(
        style,
        yaw,
        pitch,
        roll,
        bodyYaw,
        gazeX,
        gazeY,
        expression,
        strength,
        light,
        side,
        lightTint,
        outfit,
        outfitTint,
        pattern,
        backdrop,
        backdropTint,
        distance,
        zoom,
        shiftX,
        shiftY,
        value,
        seed);
  }
}
