package dev.likeness.portrait.people;

import static dev.likeness.portrait.people.Maths.curve;

/**
 * Neck, shoulders and chest as a loft. Paint coordinates: x, y on the front, turn about the spine.
 */
final class BodyShape {
  static final int ROWS = 84;
  static final int COLS = 96;
  private static final float[] HEIGHTS = {
    -3.9f, -3f, -2.5f, -2.15f, -1.95f, -1.8f, -1.66f, -1.54f, -1.42f, -1.28f, -1.1f, -.8f, -.4f
  };
  private static final float[] FRONT = {
    .95f, .98f, .93f, .82f, .72f, .62f, .50f, .40f, .32f, .25f, .24f, .28f, .25f
  };
  private static final float[] BACK = {
    -.95f, -1f, -1f, -.98f, -.95f, -.92f, -.86f, -.80f, -.75f, -.70f, -.66f, -.64f, -.6f
  };
  private static final float[] WIDTH = {
    1.72f, 1.85f, 1.92f, 1.90f, 1.80f, 1.62f, 1.28f, .95f, .68f, .52f, .455f, .45f, .43f
  };

  private BodyShape() {}

  static Mesh mesh(Face face, float cloth) {
    float neck = 1 + .11f * face.bone(Bone.NECK) + .09f * Math.max(-.5f, face.bone(Bone.WEIGHT));
    float shoulders = 1 + .09f * face.bone(Bone.SHOULDERS) + .07f * face.bone(Bone.WEIGHT);
    float throat = (face.person.sex() == Sex.MAN ? .03f : 0);
    Mesh mesh = new Mesh(Material.BODY, ROWS, COLS, true);
    for (int r = 0; r < ROWS; r++) {
      float t = r / (ROWS - 1f);
      float y = -.4f - 3.5f * t * (.72f + .28f * t);
      float low = Maths.smooth(-1.25f, -1.7f, y);
      float w = curve(y, HEIGHTS, WIDTH) * Maths.mix(neck, shoulders, low) + cloth * low;
      float front = curve(y, HEIGHTS, FRONT) + cloth * low;
      float back = curve(y, HEIGHTS, BACK) - cloth * low;
      float middle = Maths.mix(-.2f, -.1f, low);
      double power = 2 / Maths.mix(2f, 2.3f, low);
      for (int c = 0; c < COLS; c++) {
        double a = Math.PI * (c * 2.0 / COLS - 1);
        double sin = Math.sin(a);
        double cos = Math.cos(a);
        float x = w * (float) (Math.signum(sin) * Math.pow(Math.abs(sin), power));
        float z = middle
            + (cos > 0 ? front - middle : middle - back)
                * (float) (Math.signum(cos) * Math.pow(Math.abs(cos), power));
        float ax = Math.abs(x);
        if (cos > 0) {
          z += throat * Maths.bell(x, y + 1.02f, .07f, .09f)
              + .035f * Maths.bell(ax - .3f - .25f * (-1.1f - y), y + 1.2f, .06f, .25f);
          z -= .05f * Maths.bell(ax, y + 1.47f, .1f, .06f)
              + .04f * Maths.bell(ax - .55f, y + 1.5f, .28f, .05f);
          z += .035f * Maths.bell(ax - .5f, y + 1.6f, .35f, .045f);
        }
        int at = r * COLS + c;
        mesh.put(at, x, y, z);
        mesh.paint(at, x, y, (float) a);
      }
    }
    return mesh;
  }
}
