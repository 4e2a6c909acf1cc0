package dev.likeness.portrait.people;

import java.util.Random;

/**
 * How somebody is photographed: everything that may change from one photo to the next. Immutable.
 *
 * @param style kind of photo
 * @param pose how head and shoulders are turned
 * @param gaze where the eyes turn
 * @param mood what the face does
 * @param lighting how the scene is lit
 * @param clothes what is worn
 * @param background what is behind
 * @param framing where the camera stands and what it shows
 * @param noise sensor noise and phone flaws, 0 (none) to 1
 * @param seed of everything small: noise, stray strands, books on the shelf
 */
public record Shot(
    Style style,
    Pose pose,
    Gaze gaze,
    Mood mood,
    Lighting lighting,
    Clothes clothes,
    Background background,
    Framing framing,
    float noise,
    long seed) {
  /**
   * How head and shoulders are turned.
   *
   * @param yaw radians, positive towards the image's right
   * @param pitch radians, positive down
   * @param roll radians, positive against the clock
   * @param bodyYaw radians, of the shoulders
   */
  public record Pose(float yaw, float pitch, float roll, float bodyYaw) {}

  /**
   * Where the eyes turn.
   *
   * @param x -1 (image's left) to 1; 0 is into the lens
   * @param y -1 (down) to 1 (up)
   */
  public record Gaze(float x, float y) {}

  /**
   * What the face does.
   *
   * @param expression what it does
   * @param strength how much of it, 0 to 1
   */
  public record Mood(Expression expression, float strength) {}

  /**
   * How the scene is lit.
   *
   * @param light kind of light
   * @param side where the key light stands, -1 (image's left) or 1
   * @param tint colour of {@link Light#COLOURED}
   */
  public record Lighting(Light light, int side, Tint tint) {}

  /**
   * What is worn.
   *
   * @param outfit kind of clothes
   * @param tint its colour
   * @param pattern its pattern
   */
  public record Clothes(Outfit outfit, Tint tint, Pattern pattern) {}

  /**
   * What is behind.
   *
   * @param backdrop kind of background
   * @param tint its colour, where it has one
   */
  public record Background(Backdrop backdrop, Tint tint) {}

  /**
   * Where the camera stands and what it shows.
   *
   * @param distance of the camera in decimetres: 4 a selfie, 15 a portrait lens
   * @param zoom size of the head in the frame, about 1
   * @param shiftX of the frame in head widths
   * @param shiftY of the frame in head heights
   */
  public record Framing(float distance, float zoom, float shiftX, float shiftY) {}

  /**
   * How far the irises lie from the middles of the eyes, in halves of an eye's width, positive
   * towards the image's right: eyes stay on the lens when the head turns, and turn so far at most.
   */
  public float irisX() {
    return Math.max(-.58f, Math.min(.58f, -.72f * (float) Math.sin(pose.yaw()) + .5f * gaze.x()));
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
    return new Shot(value, pose, gaze, mood, lighting, clothes, background, framing, noise, seed);
  }

  /** The same with the head turned otherwise, in radians. */
  public Shot withPose(float yaw, float pitch, float roll) {
    return new Shot(
        style,
        new Pose(yaw, pitch, roll, pose.bodyYaw()),
        gaze,
        mood,
        lighting,
        clothes,
        background,
        framing,
        noise,
        seed);
  }

  /** The same with the eyes turned otherwise, each -1 to 1. */
  public Shot withGaze(float x, float y) {
    return new Shot(
        style, pose, new Gaze(x, y), mood, lighting, clothes, background, framing, noise, seed);
  }

  /** The same with another expression, of strength 0 to 1. */
  public Shot withExpression(Expression value, float strength) {
    return new Shot(
        style,
        pose,
        gaze,
        new Mood(value, strength),
        lighting,
        clothes,
        background,
        framing,
        noise,
        seed);
  }

  /** The same in other light; {@code tint} matters for {@link Light#COLOURED} alone. */
  public Shot withLight(Light value, Tint tint) {
    return new Shot(
        style,
        pose,
        gaze,
        mood,
        new Lighting(value, lighting.side(), tint),
        clothes,
        background,
        framing,
        noise,
        seed);
  }

  /** The same in other clothes. */
  public Shot withOutfit(Outfit value, Tint tint, Pattern cloth) {
    return new Shot(
        style,
        pose,
        gaze,
        mood,
        lighting,
        new Clothes(value, tint, cloth),
        background,
        framing,
        noise,
        seed);
  }

  /** The same before something else; {@code tint} matters where {@link Backdrop#tinted()}. */
  public Shot withBackdrop(Backdrop value, Tint tint) {
    return new Shot(
        style,
        pose,
        gaze,
        mood,
        lighting,
        clothes,
        new Background(value, tint),
        framing,
        noise,
        seed);
  }

  /** The same with more or fewer of a phone's flaws, 0 to 1. */
  public Shot withNoise(float value) {
    return new Shot(style, pose, gaze, mood, lighting, clothes, background, framing, value, seed);
  }
}
