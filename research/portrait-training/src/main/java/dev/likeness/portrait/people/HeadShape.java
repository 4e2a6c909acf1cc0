package dev.likeness.portrait.people;

import static dev.likeness.portrait.people.Maths.bell;
import static dev.likeness.portrait.people.Maths.curve;
import static dev.likeness.portrait.people.Maths.mix;
import static dev.likeness.portrait.people.Maths.smooth;

/**
 * The head as a loft: a closed curve for each height, from the crown to under the chin. Paint
 * coordinates are the place on the face's front (u, v) and the turn about the neck (w, 0 in front,
 * pi behind).
 */
final class HeadShape {
  static final int DOME = 46;
  static final int ROWS = 150;
  static final int COLS = 208;
  private static final float BROW = .3f;
  private static final float[] HEIGHTS = {-1.12f, -1.05f, -.95f, -.8f, -.6f, -.4f, -.2f, 0, BROW};
  private static final float[] FRONT = {.84f, .91f, .925f, .925f, .925f, .91f, .90f, .905f, .95f};
  private static final float[] CENTRE = {.60f, .53f, .40f, .22f, .08f, 0, -.05f, -.08f, -.08f};
  private static final float[] BACK = {.42f, .30f, .10f, -.25f, -.55f, -.78f, -.90f, -.97f, -1.0f};
  private static final float[] SIN = new float[COLS];
  private static final float[] COS = new float[COLS];
  private static final float[] TURN = new float[COLS];

  static {
    for (int c = 0; c < COLS; c++) {
      // Most of the columns face forward, where everything fine is.
      float t = c * 2f / COLS - 1;
      float a = (float) Math.PI * (t * .46f + .54f * t * t * t);
      TURN[c] = a;
      SIN[c] = (float) (Math.signum(Math.sin(a)) * Math.pow(Math.abs(Math.sin(a)), 1.8 / 2));
      COS[c] = (float) (Math.signum(Math.cos(a)) * Math.pow(Math.abs(Math.cos(a)), 1.8 / 2));
    }
  }

  private final Face face;
  private final float[] width;
  private final float top;
  private final float faceWidth;
  private final float faceLength;
  private final float weight;

  HeadShape(Face face) {
    this.face = face;
    float jaw = 1 + .15f * face.bone(Bone.JAW_WIDTH);
    float chin = 1 + .26f * face.bone(Bone.CHIN_WIDTH);
    float cheek = 1 + .05f * face.bone(Bone.CHEEKBONES);
    weight = face.bone(Bone.WEIGHT);
    float fat = 1 + .07f * weight;
    width = new float[] {
      .2f * chin,
      .29f * chin,
      .395f * mix(jaw, chin, .5f) * fat,
      .515f * jaw * fat * (1 + .04f * weight),
      .59f * mix(jaw, 1, .5f) * fat,
      .65f * cheek * mix(fat, 1, .3f),
      .69f * cheek,
      .715f * cheek,
      .75f * (1 + .05f * face.bone(Bone.TEMPLES))
    };
    top = 1.12f + .07f * face.bone(Bone.SKULL_HEIGHT);
    faceWidth = 1 + .085f * face.bone(Bone.FACE_WIDTH);
    faceLength = 1 + .075f * face.bone(Bone.FACE_LENGTH);
  }

  /** The head at rest: neither turned nor moved, without normals. */
  Mesh mesh() {
    Mesh mesh = new Mesh(Material.HEAD, ROWS, COLS, true);
    for (int r = 0; r < ROWS; r++) {
      float close = 1;
      float y;
      if (r < DOME) {
        y = BROW + (top - BROW) * (float) Math.cos(Math.PI / 2 * r / DOME);
      } else if (r < ROWS - 8) {
        y = mix(BROW, -1.10f, (r - DOME) / (float) (ROWS - 9 - DOME));
      } else {
        float t = (r - ROWS + 9) / 8f;
        y = -1.10f - .055f * (float) Math.sin(t * Math.PI / 2);
        close = (float) Math.cos(t * Math.PI / 2 * .98f);
      }
      ring(mesh, r, y, close);
    }
    return mesh;
  }

  private void ring(Mesh mesh, int r, float y, float close) {
    float w = curve(y, HEIGHTS, width);
    float front = curve(y, HEIGHTS, FRONT);
    float centre = curve(y, HEIGHTS, CENTRE);
    float back = curve(y, HEIGHTS, BACK);
    if (y > BROW) {
      float t = (y - BROW) / (top - BROW);
      float dome = (float) Math.pow(Math.max(0, 1 - Math.pow(t, 2.5)), 1 / 2.1);
      float slope = .1f * Math.max(-.5f, face.bone(Bone.FOREHEAD_SLOPE)) * t;
      w *= dome;
      centre = mix(centre, -.1f, t);
      front = centre
          + (front - centre - slope) * (float) Math.pow(Math.max(0, 1 - Math.pow(t, 2.9)), 1 / 2.1);
      back =
          centre + (back - centre) * (float) Math.pow(Math.max(0, 1 - Math.pow(t, 2.6)), 1 / 2.2);
    }
    for (int c = 0; c < COLS; c++) {
      float x = w * SIN[c] * close;
      float z = centre + (COS[c] > 0 ? front - centre : centre - back) * COS[c] * close;
      place(mesh, r * COLS + c, x, y, z, c);
    }
  }

  private void place(Mesh mesh, int at, float x, float y, float z, int c) {
    mesh.paint(at, x, y, TURN[c]);
    float facing = smooth(0, .45f, COS[c]);
    if (facing > 0) {
      z += facing * relief(x, y);
      x += Math.signum(x) * facing * spread(Math.abs(x), y);
    }
    float outY = y < -.05f ? (y + .05f) * faceLength - .05f : y;
    float below = smooth(-.76f, -1.02f, y);
    outY += below * (face.chinY + 1.12f);
    mesh.put(at, x * faceWidth, outY, z);
  }

  /** Nostril wings and the corners of the mouth move sideways too. */
  private float spread(float ax, float y) {
    float wing = bell(ax - face.noseWidth * .8f, y - face.noseY - .03f, .05f, .06f) * .025f;
    return wing + .03f * Math.max(0, face.smile) * bell(ax - .4f, y + .45f, .16f, .18f);
  }

  /** How far the face stands out at (x, y) beyond the smooth head. */
  float relief(float x, float y) {
    float ax = Math.abs(x);
    return sockets(ax, y) + nose(ax, y) + cheeks(ax, y) + mouth(x, ax, y) + chin(ax, y);
  }

  private float sockets(float ax, float y) {
    float deep = .145f + .035f * face.bone(Bone.EYE_DEPTH);
    float dx = ax - face.eyeX;
    float z = -deep * Maths.twin(ax, face.eyeX, y - .03f, .17f, .105f);
    z -= .05f * Maths.twin(ax, .15f, y - .03f, .06f, .09f);
    z += .085f * Maths.twin(ax, face.eyeX, y + .005f, .125f, .075f);
    z += (.035f + .03f * face.bone(Bone.BROW_RIDGE)) * Maths.twin(ax, .27f, y - .22f, .18f, .07f);
    z += .02f * face.bone(Bone.BROW_RIDGE) * bell(ax, y - .2f, .1f, .08f);
    z += (.008f + .03f * face.age) * bell(dx, y + .135f, .11f, .035f);
    return z - .012f * face.age * bell(dx, y + .19f, .12f, .02f);
  }

  private float nose(float ax, float y) {
    float out = face.noseOut;
    float bridge = .30f + .28f * face.bone(Bone.NOSE_BRIDGE);
    float tip = face.noseY + .055f + .03f * face.bone(Bone.NOSE_TIP);
    float t = (.06f - y) / (.06f - tip);
    float under =
        face.noseY - .075f + .05f * Math.min(1, ax * ax / (face.noseWidth * face.noseWidth));
    float cut = smooth(under, under + .13f, y);
    if (t < -.8f || cut == 0) {
      return 0;
    }
    float along = t < 0
        ? bridge * smooth(-.55f, .05f, t)
        : mix(bridge, 1, (float) Math.pow(Math.min(t, 1.15f), 1.25));
    float hump = .16f * face.bone(Bone.NOSE_HUMP) * bell((t - .42f) / .2f * ((t - .42f) / .2f));
    float wide = mix(.072f, .1f, Math.max(0, t)) * (1 + .16f * face.bone(Bone.NOSE_WIDTH));
    float ridge = (out - .03f) * (along + hump) * bell(ax * ax / (wide * wide));
    float ball = .055f * bell(ax, y - tip, .095f * (1 + .2f * face.bone(Bone.NOSE_WIDTH)), .085f);
    float wing = out * .34f * bell(ax - face.noseWidth * .7f, y - face.noseY - .04f, .06f, .062f);
    return cut * (ridge + ball + wing);
  }

  private float cheeks(float ax, float y) {
    float smile = Math.max(0, face.smile);
    float z =
        (.05f + .04f * face.bone(Bone.CHEEKBONES)) * Maths.twin(ax, .45f, y + .2f, .15f, .12f);
    z += (.02f + .045f * face.bone(Bone.CHEEKS) + .03f * weight)
        * Maths.twin(ax, .37f, y + .52f, .16f, .2f);
    z -= (.02f * face.age + .015f) * bell(ax - .50f, y + .55f, .14f, .18f);
    z += .06f * smile * bell(ax - .37f, y + .34f, .12f, .11f);
    z += .025f * face.age * bell(ax - .36f, y + .92f, .11f, .12f);
    float fold = foldDistance(ax, y);
    return z
        - (.016f * face.age + .024f * smile + .003f)
            * bell(fold * fold / (.03f * .03f))
            * smooth(-.9f, -.8f, y)
            * smooth(face.noseY + .09f, face.noseY, y);
  }

  /** Distance from the line that runs from the nose's wing past the corner of the mouth. */
  float foldDistance(float ax, float y) {
    float t = Maths.clamp((face.noseY + .04f - y) / .34f, 0, 1.1f);
    return ax
        - (face.noseWidth
            + .02f
            + (face.mouthHalf + .075f - face.noseWidth) * (float) Math.pow(t, .85f));
  }

  private float mouth(float x, float ax, float y) {
    float line = face.lipLine(x);
    float taper = bell(ax, 0, face.mouthHalf * .62f, 1);
    float z = .075f * bell(ax, y - face.mouthY, .25f, .19f);
    float up = y - line - face.lipGap(x);
    float down = line - face.lipGap(x) - y;
    z += (.03f + .4f * face.upperLip)
        * taper
        * bell(up - face.upperLip * .45f, 0, face.upperLip * .5f + .012f, 1);
    z += (.03f + .4f * face.lowerLip)
        * taper
        * bell(down - face.lowerLip * .5f, 0, face.lowerLip * .55f + .012f, 1);
    z -= .05f * taper * bell(y - line, 0, .016f + face.lipGap(x), 1);
    z -= .04f * bell(ax - face.mouthHalf - .02f, y - face.lipLine(face.mouthHalf), .045f, .05f);
    z -= .02f * bell(ax, y - (face.mouthY + face.noseY) / 2 - .02f, .028f, .08f);
    return z - .035f * bell(ax, y - face.mouthY + face.lowerLip + .07f, .17f, .045f);
  }

  private float chin(float ax, float y) {
    float z = (.06f + .05f * face.bone(Bone.CHIN_OUT)) * bell(ax, y + 1.01f, .17f, .1f);
    z -= Math.max(0, face.bone(Bone.CHIN_CLEFT)) * .035f * bell(ax, y + 1.02f, .025f, .06f);
    z -= .03f * bell(ax - .28f, y + .98f, .1f, .1f) * (1 - Math.max(0, weight));
    return z + .05f * Math.max(0, weight) * bell(ax, y + 1.1f, .3f, .06f);
  }
}
