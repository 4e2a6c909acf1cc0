package dev.likeness.portrait.people;

/** The numbers of a face's form, each about -1 to 1 around the average of everyone. */
public enum Bone {
  FACE_WIDTH(.22f, "narrow face", "wide face"),
  FACE_LENGTH(.25f, "short face", "long face"),
  SKULL_HEIGHT(0, "flat crown", "high crown"),
  FOREHEAD_HEIGHT(.15f, "low forehead", "high forehead"),
  FOREHEAD_SLOPE(.38f, "upright forehead", "sloping forehead"),
  BROW_RIDGE(.85f, "flat brow", "heavy brow"),
  TEMPLES(0, "narrow temples", "wide temples"),
  CHEEKBONES(-.08f, "flat cheekbones", "high cheekbones"),
  CHEEKS(-.25f, "hollow cheeks", "full cheeks"),
  JAW_WIDTH(.75f, "narrow jaw", "square jaw"),
  CHIN_WIDTH(.70f, "pointed chin", "broad chin"),
  CHIN_LENGTH(.40f, "short chin", "long chin"),
  CHIN_OUT(.30f, "receding chin", "jutting chin"),
  CHIN_CLEFT(.30f, "smooth chin", "cleft chin"),
  EYE_SIZE(-.70f, "small eyes", "big eyes"),
  EYE_SPACING(0, "close-set eyes", "wide-set eyes"),
  EYE_OPENING(-.40f, "narrow eyes", "wide-open eyes"),
  EYE_TILT(-.22f, "downturned eyes", "upturned eyes"),
  EYE_DEPTH(.45f, "shallow-set eyes", "deep-set eyes"),
  LID_CREASE(0, "single eyelids", "creased eyelids"),
  BROW_THICKNESS(.75f, "thin eyebrows", "thick eyebrows"),
  BROW_ARCH(-.70f, "straight eyebrows", "arched eyebrows"),
  BROW_HEIGHT(-.55f, "low eyebrows", "high eyebrows"),
  BROW_SPACING(-.15f, "close eyebrows", "spaced eyebrows"),
  NOSE_LENGTH(.35f, "short nose", "long nose"),
  NOSE_WIDTH(.42f, "narrow nose", "broad nose"),
  NOSE_OUT(.30f, "flat nose", "prominent nose"),
  NOSE_BRIDGE(.22f, "low nose bridge", "high nose bridge"),
  NOSE_HUMP(.30f, "scooped nose", "hooked nose"),
  NOSE_TIP(-.45f, "drooping nose tip", "upturned nose tip"),
  MOUTH_WIDTH(.15f, "small mouth", "wide mouth"),
  MOUTH_HEIGHT(0, "high mouth", "low mouth"),
  UPPER_LIP(-.60f, "thin upper lip", "full upper lip"),
  LOWER_LIP(-.50f, "thin lower lip", "full lower lip"),
  CUPIDS_BOW(-.15f, "even upper lip", "sharp cupid's bow"),
  EAR_SIZE(.15f, "small ears", "big ears"),
  EAR_OUT(.08f, "flat ears", "protruding ears"),
  NECK(.75f, "slender neck", "thick neck"),
  SHOULDERS(.75f, "narrow shoulders", "broad shoulders"),
  WEIGHT(0, "slim build", "heavy build");

  private final float male;
  private final String little;
  private final String much;

  Bone(float male, String little, String much) {
    this.male = male;
    this.little = little;
    this.much = much;
  }

  /** What being a man adds and being a woman takes away. */
  float shift(Sex sex) {
    return sex == Sex.MAN ? male : -male;
  }

  /**
   * "square jaw": the word for a number that stands out, by more than half; empty for any other.
   */
  public String words(float value) {
    return Words.far(value, .5f, little, much);
  }
}
