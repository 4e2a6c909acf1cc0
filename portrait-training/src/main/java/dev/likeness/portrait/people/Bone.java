package dev.likeness.portrait.people;

/** The numbers of a face's form, each about -1 to 1 around the average of everyone. */
public enum Bone {
  FACE_WIDTH(.22f), FACE_LENGTH(.25f), SKULL_HEIGHT(0), FOREHEAD_HEIGHT(.15f), FOREHEAD_SLOPE(.38f), BROW_RIDGE(.85f),
  TEMPLES(0), CHEEKBONES(-.08f), CHEEKS(-.25f), JAW_WIDTH(.75f), CHIN_WIDTH(.70f), CHIN_LENGTH(.40f), CHIN_OUT(.30f),
  CHIN_CLEFT(.30f), EYE_SIZE(-.70f), EYE_SPACING(0), EYE_OPENING(-.40f), EYE_TILT(-.22f), EYE_DEPTH(.45f),
      LID_CREASE(0),
  BROW_THICKNESS(.75f), BROW_ARCH(-.70f), BROW_HEIGHT(-.55f), BROW_SPACING(-.15f), NOSE_LENGTH(.35f), NOSE_WIDTH(.42f),
  NOSE_OUT(.30f), NOSE_BRIDGE(.22f), NOSE_HUMP(.30f), NOSE_TIP(-.45f), MOUTH_WIDTH(.15f), MOUTH_HEIGHT(0),
  UPPER_LIP(-.60f), LOWER_LIP(-.50f), CUPIDS_BOW(-.15f), EAR_SIZE(.15f), EAR_OUT(.08f), NECK(.75f), SHOULDERS(.75f),
      WEIGHT(0);

  private final float male;

  Bone(float male) {
    this.male = male;
  }

  /** What being a man adds and being a woman takes away. */
  float shift(Sex sex) {
    return sex == Sex.MAN ? male : -male;
  }
}
