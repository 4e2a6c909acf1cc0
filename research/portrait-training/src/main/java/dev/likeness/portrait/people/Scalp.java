package dev.likeness.portrait.people;

import static dev.likeness.portrait.people.Maths.curve;

/** Where hair grows: the hairline around the head. */
final class Scalp {
  private static final float[] TURNS = {
    0, .38f, .70f, .96f, 1.15f, 1.29f, 1.43f, 1.60f, 1.83f, 2.06f, 2.36f, 3.14f
  };
  private static final float[] LINE = {
    .68f, .69f, .58f, .40f, .10f, -.12f, -.17f, .02f, .10f, -.10f, -.42f, -.62f
  };
  private final float[] line = LINE.clone();

  Scalp(Person person) {
    float lift = .05f * person.bone(Bone.FOREHEAD_HEIGHT);
    float recede = person.hair() == HairStyle.BALDING
        ? .42f
        : person.sex() == Sex.MAN ? .16f * Maths.smooth(35, 75, person.age()) : 0;
    line[0] += lift + (person.hair() == HairStyle.BALDING ? .6f : .2f * recede);
    line[1] += lift + (person.hair() == HairStyle.BALDING ? .6f : recede);
    line[2] += .5f * lift + recede;
    line[3] += .3f * recede;
  }

  /** Height above the hairline at a turn about the neck; negative on the bare side. */
  float above(float turn, float y) {
    return y - curve(Math.abs(turn), TURNS, line);
  }
}
