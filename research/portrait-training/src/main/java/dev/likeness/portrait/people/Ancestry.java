package dev.likeness.portrait.people;

import java.util.EnumMap;
import java.util.Map;

/**
 * Six regional averages of bones and hair; everyone is a blend of two, drawn evenly, and skin
 * varies apart from them.
 */
enum Ancestry {
  NORTH(
      bones(
          Bone.NOSE_BRIDGE,
          .35f,
          Bone.NOSE_OUT,
          .25f,
          Bone.NOSE_WIDTH,
          -.35f,
          Bone.LID_CREASE,
          .4f,
          Bone.UPPER_LIP,
          -.3f,
          Bone.LOWER_LIP,
          -.25f,
          Bone.EYE_DEPTH,
          .3f,
          Bone.FACE_LENGTH,
          .15f),
      .15f),
  MIDDLE(
      bones(
          Bone.NOSE_BRIDGE,
          .4f,
          Bone.NOSE_HUMP,
          .4f,
          Bone.NOSE_OUT,
          .35f,
          Bone.BROW_THICKNESS,
          .4f,
          Bone.EYE_SIZE,
          .2f,
          Bone.LID_CREASE,
          .4f,
          Bone.EYE_DEPTH,
          .2f),
      .35f),
  SOUTH(
      bones(
          Bone.EYE_SIZE,
          .35f,
          Bone.BROW_THICKNESS,
          .3f,
          Bone.LOWER_LIP,
          .2f,
          Bone.NOSE_WIDTH,
          .1f,
          Bone.LID_CREASE,
          .3f,
          Bone.FACE_WIDTH,
          -.15f),
      .3f),
  EAST(
      bones(
          Bone.LID_CREASE,
          -.9f,
          Bone.EYE_TILT,
          .4f,
          Bone.EYE_OPENING,
          -.3f,
          Bone.NOSE_BRIDGE,
          -.4f,
          Bone.NOSE_OUT,
          -.3f,
          Bone.CHEEKBONES,
          .4f,
          Bone.FACE_WIDTH,
          .3f,
          Bone.EYE_DEPTH,
          -.4f,
          Bone.BROW_RIDGE,
          -.3f),
      .05f),
  AFRICA(
      bones(
          Bone.NOSE_WIDTH,
          .6f,
          Bone.NOSE_BRIDGE,
          -.35f,
          Bone.UPPER_LIP,
          .6f,
          Bone.LOWER_LIP,
          .55f,
          Bone.NOSE_OUT,
          -.1f,
          Bone.FOREHEAD_HEIGHT,
          .2f,
          Bone.CHEEKBONES,
          .2f),
      .95f),
  AMERICA(
      bones(
          Bone.CHEEKBONES,
          .45f,
          Bone.NOSE_WIDTH,
          .2f,
          Bone.JAW_WIDTH,
          .2f,
          Bone.FACE_WIDTH,
          .2f,
          Bone.LID_CREASE,
          -.3f,
          Bone.NOSE_HUMP,
          .2f,
          Bone.EYE_TILT,
          .2f),
      .1f);

  private final Map<Bone, Float> bones;
  /** How tightly the hair curls, 0 to 1. */
  final float curl;

  Ancestry(Map<Bone, Float> bones, float curl) {
    this.bones = bones;
    this.curl = curl;
  }

  float shift(Bone bone) {
    return bones.getOrDefault(bone, 0f);
  }

  private static Map<Bone, Float> bones(Object... pairs) {
    Map<Bone, Float> map = new EnumMap<>(Bone.class);
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((Bone) pairs[i], (Float) pairs[i + 1]);
    }
    return map;
  }
}
