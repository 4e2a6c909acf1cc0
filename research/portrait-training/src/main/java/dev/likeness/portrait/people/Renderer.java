package dev.likeness.portrait.people;

import dev.likeness.diffusion.image.RgbImage;

/**
 * Draws a person in a shot. One thread an image; the same arguments give the same bytes. Safe to
 * call from many threads.
 */
public final class Renderer {
  /**
   * Raised whenever a person, a shot or a caption of a seed becomes another, so that nobody goes on
   * from what was made before.
   */
  public static final int EDITION = 5;

  private static final ThreadLocal<Studio> STUDIO = new ThreadLocal<>();

  private Renderer() {}

  /**
   * The portrait of {@code person} as {@code shot}, {@code size} pixels square (an even number of
   * at least 64), with the caption of caption seed {@code shot.seed()}.
   */
  public static Portrait render(Person person, Shot shot, int size) {
    if (size < 64 || size % 2 != 0) {
      throw new IllegalArgumentException(
          "size " + size + " given; expected an even number of at least 64");
    }
    Studio studio = STUDIO.get();
    if (studio == null || studio.size() != size) {
      studio = new Studio(size);
      STUDIO.set(studio);
    }
    Scene scene = new Scene(person, shot, size * 2, true);
    RgbImage image = studio.shoot(scene);
    return new Portrait(
        person,
        shot,
        image,
        Caption.of(person, shot, shot.seed()),
        scene.landmarks(.5f),
        studio.mask(Material.HEAD),
        studio.mask(Material.HAIR),
        studio.mask(Material.BODY, Material.COLLAR, Material.SCARF),
        studio.mask(Material.NOTHING));
  }

  /**
   * The {@linkplain Portrait#landmarks() landmarks} of a portrait that need not be drawn for them.
   */
  public static float[] landmarks(Person person, Shot shot, int size) {
    return new Scene(person, shot, size * 2, false).landmarks(.5f);
  }
}
