package dev.likeness.portrait.people;

/** A hoop or a stud at each lobe. */
final class Earrings {
  private Earrings() {}

  static void build(Face face, Mesh head, Strands out) {
    if (!face.person.earrings()) {
      return;
    }
    boolean hoop = face.person.hoops();
    boolean gold = (face.person.seed() & 4) == 0;
    float x = .79f * (1 + .085f * face.bone(Bone.FACE_WIDTH));
    float size = hoop ? .12f : .036f;
    for (int side = -1; side <= 1; side += 2) {
      for (int i = 0; i <= 24; i++) {
        double a = Math.PI * 2 * i / 24;
        out.point(
            i == 0,
            side * (x + .4f * size * (float) Math.cos(a)),
            -.44f - size + size * (float) Math.sin(a),
            -.02f + size * .9f * (float) Math.cos(a),
            hoop ? .022f : .045f);
        out.look(gold ? .75f : .7f, gold ? .48f : .7f, gold ? .14f : .72f, side * .5f, .3f, .8f, 1);
      }
    }
  }
}
