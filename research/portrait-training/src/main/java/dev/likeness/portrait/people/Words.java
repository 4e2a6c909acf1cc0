package dev.likeness.portrait.people;

import dev.likeness.diffusion.internal.text.PromptPhrases;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * The words for everything a person and a shot have: one place for captions, tokenizer and
 * evaluation.
 */
public final class Words {
  private static final List<String> AGES = List.of("young", "middle-aged", "old");
  private static final List<String> SKINS =
      List.of("pale skin", "fair skin", "olive skin", "brown skin", "dark skin");
  private static final List<String> POSES =
      List.of("facing the camera", "turned to the left", "turned to the right");
  private static final List<String> GAZES =
      List.of("looking at the camera", "looking to the left", "looking to the right");

  private static final Set<Light> ASIDE =
      EnumSet.of(Light.REMBRANDT, Light.WINDOW, Light.GOLDEN_HOUR, Light.COLOURED);

  /** Hair whose waves are the person's own, not the cut's. */
  private static final Set<HairStyle> WAVES = EnumSet.of(
      HairStyle.BALDING,
      HairStyle.SHORT,
      HairStyle.SLICKED,
      HairStyle.BOB,
      HairStyle.FRINGE,
      HairStyle.SHOULDER,
      HairStyle.LONG);

  private Words() {}

  static List<String> ages() {
    return AGES;
  }

  static List<String> skins() {
    return SKINS;
  }

  static List<String> poses() {
    return POSES;
  }

  static List<String> gazes() {
    return GAZES;
  }

  /** "woman" or "man". */
  public static String of(Sex sex) {
    return sex.name().toLowerCase(Locale.ROOT);
  }

  /** "young" to 34, "middle-aged" to 56, "old". */
  public static String age(Person person) {
    return AGES.get(person.age() < 35 ? 0 : person.age() < 57 ? 1 : 2);
  }

  /** {@link #age} where nobody would guess another, empty from 32 to 39 and from 55 to 59. */
  static String plainAge(Person person) {
    int age = person.age();
    return age > 31 && age < 40 || age > 54 && age < 60 ? "" : age(person);
  }

  /** One of five words from "pale skin" to "dark skin". */
  public static String skin(Person person) {
    return SKINS.get(Math.min(4, (int) (person.melanin() * 5)));
  }

  /** {@link #skin} where light does not make another of it, empty on the brink between two. */
  static String plainSkin(Person person) {
    float nearest = Math.round(person.melanin() * 5);
    boolean brink = nearest > 0 && nearest < 5 && Math.abs(person.melanin() * 5 - nearest) < .12f;
    return brink ? "" : skin(person);
  }

  /**
   * Hair or what covers it, with its article: "short red hair", "a black afro", "a teal headscarf".
   */
  public static String hair(Person person, boolean coloured) {
    String colour =
        switch (person.hair()) {
          case BALD -> "";
          case HEADSCARF -> ScarfShape.tint(person).words();
          default -> person.hairColour().words();
        };
    String filled = person
        .hair()
        .pattern()
        .replace("%", coloured ? colour : "")
        .replace("  ", " ")
        .strip();
    return filled.startsWith("# ") ? PromptPhrases.withArticle(filled.substring(2)) : filled;
  }

  /** Where the head turns, in the image. */
  public static String pose(Shot shot) {
    return POSES.get(Math.abs(shot.pose().yaw()) < .14f ? 0 : shot.pose().yaw() < 0 ? 1 : 2);
  }

  /** {@link #pose} where it is plain, empty of a head turned by 6 to 10 degrees. */
  static String plainPose(Shot shot) {
    float turned = Math.abs(shot.pose().yaw());
    return turned > .10f && turned < .18f ? "" : pose(shot);
  }

  /** Where the eyes look, in the image. */
  public static String gaze(Shot shot) {
    return GAZES.get(Math.abs(shot.gaze().x()) < .3f ? 0 : shot.gaze().x() < 0 ? 1 : 2);
  }

  /** "indigo lighting", "soft light". */
  public static String light(Shot shot) {
    return shot.lighting().light() == Light.COLOURED
        ? shot.lighting().tint().words() + " lighting"
        : shot.lighting().light().words();
  }

  /** "gray background", "bookshelves". */
  public static String backdrop(Shot shot) {
    boolean coloured = shot.background().backdrop().tinted() && shot.style() != Style.MONOCHROME;
    return (coloured ? shot.background().tint().words() + " " : "")
        + shot.background().backdrop().words();
  }

  /** "striped navy blazer" with any part left out. */
  public static String outfit(Shot shot, boolean coloured, boolean patterned) {
    String pattern = patterned ? shot.clothes().pattern().words() + " " : "";
    String colour = coloured ? shot.clothes().tint().words() + " " : "";
    return (pattern + colour + shot.clothes().outfit().words()).strip();
  }

  /**
   * What stands out, and hair does not hide, of the numbers that no {@link Attribute} tells: bones,
   * undertone, curl and parting, how the head and the shoulders are held, where the light stands,
   * lens, framing and noise. {@code portrait} was not taught these words.
   */
  public static List<String> traits(Person person, Shot shot) {
    Cut cut = Cut.of(person);
    Stream<String> hair = Stream.of(
        WAVES.contains(person.hair())
            ? far(person.curl() - .45f, .25f, "straight strands", "wavy strands")
            : "",
        cut != null && cut.parted()
            ? far(person.parting(), .2f, "parted on the left", "parted on the right")
            : "");
    Stream<String> rest = Stream.of(
        shot.style() == Style.MONOCHROME
            ? ""
            : far(person.undertone(), .4f, "rosy undertone", "golden undertone"),
        person.earrings() ? person.hoops() ? "hoop earrings" : "stud earrings" : "",
        far(shot.pose().pitch(), .05f, "chin up", "chin down"),
        far(shot.pose().roll(), .05f, "head tilted to the right", "head tilted to the left"),
        far(
            shot.pose().bodyYaw(),
            .15f,
            "shoulders turned to the left",
            "shoulders turned to the right"),
        far(shot.gaze().y(), .1f, "looking down", "looking up"),
        ASIDE.contains(shot.lighting().light())
            ? far(shot.lighting().side(), .5f, "lit from the left", "lit from the right")
            : "",
        far(shot.framing().distance() - 11, 3, "wide-angle lens", "long lens"),
        far(shot.framing().zoom() - 1.02f, .05f, "loose framing", "tight framing"),
        far(shot.framing().shiftX(), .05f, "right of centre", "left of centre"),
        far(shot.framing().shiftY(), .03f, "high in the frame", "low in the frame"),
        shot.noise() > .5f ? "grainy" : "");
    Stream<String> bones = Arrays.stream(Bone.values())
        .filter(bone -> person.hair().shows(bone))
        .map(bone -> bone.words(person.bone(bone)));
    return Stream.of(bones, hair, rest)
        .flatMap(words -> words)
        .filter(words -> !words.isEmpty())
        .toList();
  }

  /** One of two words for what is further from 0 than {@code near}, else none. */
  static String far(float value, float near, String below, String above) {
    return value < -near ? below : value > near ? above : "";
  }

  /** A short description of who someone is. */
  public static String of(Person person) {
    List<String> with = new ArrayList<>();
    with.add(skin(person));
    with.add(hair(person, true));
    if (person.beard() != BeardStyle.NONE) {
      with.add(person.beard().words());
    }
    if (person.glasses() != Glasses.NONE) {
      with.add(person.glasses().words());
    }
    return PromptPhrases.withArticle(age(person) + " " + of(person.sex())) + " with "
        + String.join(", ", with);
  }

  /** Every single word that a caption can contain, sorted. */
  public static List<String> vocabulary() {
    TreeSet<String> all = new TreeSet<>();
    for (Attribute attribute : Attribute.values()) {
      attribute.words().forEach(words -> all.addAll(List.of(words.split(" "))));
    }
    for (Tint tint : Tint.values()) {
      all.addAll(List.of(tint.words().split(" ")));
    }
    all.addAll(Caption.glue());
    all.remove("");
    return List.copyOf(all);
  }
}
