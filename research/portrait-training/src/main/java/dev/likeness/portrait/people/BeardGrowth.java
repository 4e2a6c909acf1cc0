package dev.likeness.portrait.people;

import static dev.likeness.portrait.people.Maths.bell;
import static dev.likeness.portrait.people.Maths.smooth;

/** Where on the face a beard grows. */
final class BeardGrowth {
  private BeardGrowth() {}

  /**
   * Density at ({@code x}, {@code y}) on the face's front, 0 to 1, for the style the person wears.
   */
  static float density(Face face, float x, float y) {
    if (face.person.sex() == Sex.WOMAN || y > -.1f) {
      return 0;
    }
    float ax = Math.abs(x);
    float line = face.lipLine(x);
    float moustache = bell(
            ax - .1f,
            y - (face.noseY + line + face.lipGap(x) + face.upperLip) / 2 + .012f,
            .14f,
            .055f)
        * smooth(.34f, .26f, ax)
        * smooth(face.noseY - .02f, face.noseY - .06f, y)
        * 1.5f;
    float chin = smooth(.30f, .20f, ax)
        * smooth(face.mouthY - face.lowerLip - .03f, face.mouthY - face.lowerLip - .11f, y);
    float corner = bell(ax - face.mouthHalf - .055f, y - face.mouthY + .08f, .04f, .1f);
    float inward = Maths.clamp((.66f - ax) / .42f, 0, 1);
    float edge = -.30f - .55f * inward * inward * .9f;
    float jaw = smooth(edge + .03f, edge - .09f, y) * smooth(.26f, .36f, ax);
    float lips = 1 - smooth(1.25f, .95f, lipDistance(face, x, y));
    float whole = Math.min(1, Math.max(Math.max(jaw, chin), Math.max(corner, moustache)));
    float part =
        switch (face.person.beard()) {
          case NONE, STUBBLE, SHORT, FULL, LONG -> whole;
          case MOUSTACHE -> Math.min(1, moustache);
          case GOATEE -> Math.min(1, Math.max(Math.max(moustache, chin), corner));
        };
    return part * lips;
  }

  private static float lipDistance(Face face, float x, float y) {
    float m = x / (face.mouthHalf * 1.02f);
    float middle = face.lipLine(x);
    float half = (y > middle ? face.upperLip : face.lowerLip) + face.lipGap(x);
    float d = (y - middle) / (half * 1.05f);
    return (float) Math.sqrt(m * m + d * d);
  }
}
