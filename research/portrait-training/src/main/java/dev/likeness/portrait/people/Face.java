package dev.likeness.portrait.people;

/**
 * Where everything in one face is in one shot: bones and expression turned into places on the front
 * of the head.
 */
final class Face {
  final Person person;
  final float smile;
  final float open;
  final float brows;
  final float lids;
  final float age;
  final float eyeX;
  final float eyeHalf;
  final float eyeSlope;
  final float lidUp;
  final float lidLow;
  final float crease;
  final float browY;
  final float browThick;
  final float browArch;
  final float noseY;
  final float noseWidth;
  final float noseOut;
  final float mouthY;
  final float mouthHalf;
  final float upperLip;
  final float lowerLip;
  final float gap;
  final float chinY;

  Face(Person person, Shot shot) {
    this.person = person;
    Expression e = shot.mood().expression();
    float s = shot.mood().strength();
    smile = e.smile * s;
    open = e.open * s;
    brows = e.brows * s;
    lids = e.lids * s;
    age = Maths.smooth(27, 74, person.age());
    eyeX = .315f + .03f * bone(Bone.EYE_SPACING);
    eyeHalf = .19f * (1 + .15f * bone(Bone.EYE_SIZE));
    eyeSlope = .06f + .1f * bone(Bone.EYE_TILT) - .06f * age;
    lidUp = .47f * (1 + .2f * bone(Bone.EYE_OPENING) + .5f * lids - .15f * age);
    lidLow = .22f * (1 + .15f * bone(Bone.EYE_OPENING) + .6f * lids);
    crease = bone(Bone.LID_CREASE);
    browY = .215f + .035f * bone(Bone.BROW_HEIGHT) + .05f * brows;
    browThick = .036f * (1 + .45f * bone(Bone.BROW_THICKNESS));
    browArch = .045f + .04f * bone(Bone.BROW_ARCH);
    noseY = -.46f - .06f * bone(Bone.NOSE_LENGTH);
    noseWidth = .168f * (1 + .24f * bone(Bone.NOSE_WIDTH)) * (1 + .08f * Math.max(0, smile));
    noseOut = .225f * (1 + .28f * bone(Bone.NOSE_OUT));
    mouthY = -.72f - .03f * bone(Bone.MOUTH_HEIGHT) - .03f * bone(Bone.NOSE_LENGTH);
    mouthHalf = .265f
        * (1 + .15f * bone(Bone.MOUTH_WIDTH))
        * (1 + .22f * Math.max(0, smile) - .2f * open * (smile < .3f ? 1 : 0));
    upperLip = .072f
        * (1 + .45f * bone(Bone.UPPER_LIP))
        * (1 - .2f * Math.max(0, smile))
        * (1 - .3f * age);
    lowerLip = .094f
        * (1 + .35f * bone(Bone.LOWER_LIP))
        * (1 - .12f * Math.max(0, smile))
        * (1 - .2f * age);
    gap = open * (smile > .3f ? .1f : .15f);
    chinY = -1.12f - .07f * bone(Bone.CHIN_LENGTH) - .6f * gap;
  }

  float bone(Bone bone) {
    return person.bone(bone);
  }

  /** Height of the line between the lips at {@code x}: corners up when smiling. */
  float lipLine(float x) {
    float m = Math.min(1.2f, Math.abs(x) / mouthHalf);
    float m2 = m * m;
    return mouthY
        + (.075f * smile + .008f) * m2
        - .02f * Math.max(0, smile)
        + .006f * (1 - m2) * Maths.bell(x, 0, .05f, 1);
  }

  /** Half the opening of the mouth at {@code x}. */
  float lipGap(float x) {
    float m = x / mouthHalf;
    return m * m >= 1 ? 0 : gap * .5f * (float) Math.sqrt(1 - m * m);
  }

  /** Height of the brow's middle at distance {@code ax} from the nose's middle line. */
  float browLine(float ax) {
    float t = (ax - browInner()) / (browOuter() - browInner());
    float frown = .05f * Math.min(0, brows) * (1 - t);
    float sad = smile < -.3f ? .05f * (1 - t) : 0;
    float arch = browArch * (1 - (t - .62f) * (t - .62f) * 3.4f);
    return browY + arch + frown + sad - .012f * t;
  }

  float browInner() {
    return .115f + .03f * bone(Bone.BROW_SPACING) + .015f * Math.min(0, brows);
  }

  float browOuter() {
    return .515f;
  }
}
