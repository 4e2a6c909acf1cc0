package dev.likeness.portrait.people;

/** The numbers of a face's form, each about -1 to 1 around the average of everyone. */
public enum Bone {
  FACE_WIDTH(.22f), FACE_LENGTH(.15f), SKULL_HEIGHT(0), FOREHEAD_HEIGHT(.15f), FOREHEAD_SLOPE(.38f), BROW_RIDGE(.68f),
  TEMPLES(0), CHEEKBONES(-.08f), CHEEKS(-.15f), JAW_WIDTH(.60f), CHIN_WIDTH(.52f), CHIN_LENGTH(.30f), CHIN_OUT(.22f),
  CHIN_CLEFT(.30f), EYE_SIZE(-.45f), EYE_SPACING(0), EYE_OPENING(-.22f), EYE_TILT(-.22f), EYE_DEPTH(.45f), LID_CREASE(0),
  BROW_THICKNESS(.60f), BROW_ARCH(-.60f), BROW_HEIGHT(-.45f), BROW_SPACING(-.15f), NOSE_LENGTH(.22f), NOSE_WIDTH(.22f),
  NOSE_OUT(.15f), NOSE_BRIDGE(.22f), NOSE_HUMP(.22f), NOSE_TIP(-.30f), MOUTH_WIDTH(.15f), MOUTH_HEIGHT(0),
  UPPER_LIP(-.38f), LOWER_LIP(-.30f), CUPIDS_BOW(-.15f), EAR_SIZE(.15f), EAR_OUT(.08f), NECK(.75f), SHOULDERS(.75f), WEIGHT(0);

  private final float male;

  Bone(float male) {
    this.male = male;
  }

  /** What being a man adds and being a woman takes away. */
  float shift(Sex sex) {
    return sex == Sex.MAN ? male : -male;
  }
}
