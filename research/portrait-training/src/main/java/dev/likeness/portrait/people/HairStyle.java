package dev.likeness.portrait.people;

import java.util.EnumSet;
import java.util.Set;

/** How hair is worn; {@link #words} completes "with ...". */
public enum HairStyle {
  BALD("# bald head"),
  BALDING("receding % hair"),
  BUZZ("# % buzz cut"),
  SHORT("short % hair"),
  SLICKED("slicked-back % hair"),
  SHORT_CURLY("short curly % hair"),
  AFRO("# % afro"),
  BOB("# % bob"),
  FRINGE("% hair with bangs"),
  SHOULDER("shoulder-length % hair"),
  LONG("long % hair"),
  WAVY("long wavy % hair"),
  CURLY("long curly % hair"),
  PONYTAIL("# % ponytail"),
  BUN("% hair in a bun"),
  BRAIDS("% braids"),
  HEADSCARF("# % headscarf");

  private static final HairStyle[] MEN = {
    BALD,
    BALDING,
    BUZZ,
    SHORT,
    SHORT,
    SLICKED,
    SLICKED,
    SHORT_CURLY,
    SHORT_CURLY,
    AFRO,
    SHOULDER,
    LONG,
    BUN
  };
  private static final HairStyle[] WOMEN = {
    SHORT,
    SHORT_CURLY,
    AFRO,
    BOB,
    BOB,
    FRINGE,
    FRINGE,
    SHOULDER,
    SHOULDER,
    LONG,
    LONG,
    WAVY,
    WAVY,
    CURLY,
    CURLY,
    PONYTAIL,
    PONYTAIL,
    BUN,
    BUN,
    BRAIDS,
    BRAIDS,
    HEADSCARF,
    SLICKED
  };
  private static final Set<HairStyle> EARS =
      EnumSet.of(BALD, BALDING, BUZZ, SLICKED, PONYTAIL, BUN);
  private static final Set<HairStyle> DOWN =
      EnumSet.of(BOB, FRINGE, SHOULDER, LONG, WAVY, CURLY, BRAIDS, HEADSCARF);

  private final String pattern;

  HairStyle(String pattern) {
    this.pattern = pattern;
  }

  /** The words, with # where an article and % where a colour may stand. */
  public String pattern() {
    return pattern;
  }

  /** Without article and colour: "buzz cut", "long wavy hair". */
  public String words() {
    return pattern.replace("# ", "").replace("% ", "");
  }

  /** True when there is hair to see, so that its colour has a word. */
  public boolean showsHair() {
    return this != BALD && this != HEADSCARF;
  }

  /** True when it leaves the ears to be seen. */
  public boolean showsEars() {
    return EARS.contains(this);
  }

  /** False where it, or cloth, lies over what {@code bone} forms. */
  boolean shows(Bone bone) {
    return switch (bone) {
      case EAR_SIZE, EAR_OUT -> showsEars();
      case FOREHEAD_HEIGHT, FOREHEAD_SLOPE -> this != FRINGE && this != HEADSCARF;
      default -> true;
    };
  }

  /**
   * True when it, or cloth, lies over the lobes, so that nothing hanging there shows. Short hair
   * leaves them bare, if not all of the ears.
   */
  boolean hidesLobes() {
    return DOWN.contains(this);
  }

  /** True when it lies over collar, tie and chest, so that nothing can be said of clothes. */
  public boolean hidesClothes() {
    return this == HEADSCARF;
  }

  static HairStyle[] of(Sex sex) {
    return sex == Sex.MAN ? MEN : WOMEN;
  }
}
