package dev.likeness.portrait.people;

import dev.likeness.diffusion.internal.text.PromptPhrases;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Prompts that ask for an image, as people type them: who, then what they look like, wear and do,
 * the light and what is behind. A caption seed drops some of it and shuffles the rest, so that a
 * model learns prompts that say little.
 */
public final class Caption {
  private static final String[][] OPENINGS = {
    {"studio portrait", "studio portrait", "professional headshot", "minimalist studio portrait"},
    {"office headshot", "office headshot", "corporate headshot", "business portrait"},
    {"outdoor portrait"},
    {"black and white portrait", "black and white portrait", "monochrome portrait"},
    {"selfie", "selfie", "phone selfie"}
  };
  private static final List<String> EXTRAS =
      List.of("photo", "sharp focus", "professional", "high quality");
  private static final List<String> CLOTHS = List.of("wool", "italian wool");
  private final Person person;
  private final Shot shot;
  private final Random random;
  private final float keep;
  private final boolean anybody;

  private Caption(Person person, Shot shot, Random random, float keep, boolean anybody) {
    this.person = person;
    this.shot = shot;
    this.random = random;
    this.keep = keep;
    this.anybody = anybody;
  }

  /** The caption of {@code seed}: between a few words and everything, in varying order. */
  public static String of(Person person, Shot shot, long seed) {
    return of(person, shot, seed, false);
  }

  /**
   * As {@link #of}, but of the person only the class word: what they look like is left to a
   * reference.
   */
  public static String ofAnybody(Person person, Shot shot, long seed) {
    return of(person, shot, seed, true);
  }

  private static String of(Person person, Shot shot, long seed, boolean anybody) {
    Random random = new Random(seed * 0x9E3779B97F4A7C15L + 99);
    float mood = random.nextFloat();
    return new Caption(person, shot, random, mood < .3f ? 1 : mood < .8f ? .72f : .4f, anybody)
        .text();
  }

  /** Everything there is to say, in a fixed order. */
  public static String full(Person person, Shot shot) {
    return new Caption(person, shot, null, 1, false).text();
  }

  /** How captions of a style open, one of them more than once. */
  static Stream<String> openings(Style style) {
    return Stream.of(OPENINGS[style.ordinal()]);
  }

  /** The words of captions that belong to no attribute. */
  static List<String> glue() {
    List<String> words = new ArrayList<>(List.of(
        "a",
        "an",
        "of",
        "with",
        "and",
        "in",
        "wearing",
        "person",
        "bald",
        "business",
        "attire",
        "ceo",
        "background",
        "suit",
        "bokeh",
        "minimalist",
        "studio"));
    Stream.of(OPENINGS).flatMap(Stream::of).forEach(o -> words.addAll(List.of(o.split(" "))));
    Stream.of(EXTRAS, CLOTHS)
        .flatMap(List::stream)
        .forEach(e -> words.addAll(List.of(e.split(" "))));
    return words;
  }

  private String text() {
    List<String> tail = new ArrayList<>();
    keep(tail, 1.1f, wearing());
    keep(tail, .8f, shot.mood().strength() > .3f ? shot.mood().expression().words() : "");
    keep(
        tail,
        .35f,
        Words.plainPose(shot).equals("facing the camera") && !rarely(.3f)
            ? ""
            : Words.plainPose(shot));
    keep(
        tail,
        .5f,
        Words.gaze(shot).equals("looking at the camera") && !rarely(.2f) ? "" : Words.gaze(shot));
    keep(tail, .9f, Words.light(shot));
    keep(
        tail,
        1,
        shot.style() == Style.OFFICE
                && shot.background().backdrop() == Backdrop.OFFICE
                && !rarely(.6f)
            ? ""
            : backdrop());
    if (random != null) {
      if (rarely(.12f)) {
        tail.add(EXTRAS.get(random.nextInt(shot.style() == Style.SELFIE ? 1 : EXTRAS.size())));
      }
      if (rarely(.5f)) {
        Collections.shuffle(tail, random);
      }
    }
    // Whoever does not say what kind of photo it is means a photographer's, in colour.
    if (tail.isEmpty() || shot.style().compareTo(Style.MONOCHROME) >= 0 || !rarely(.05f)) {
      tail.add(0, opening());
    }
    return String.join(", ", tail);
  }

  private String opening() {
    String[] of = OPENINGS[shot.style().ordinal()];
    String kind = random == null ? shot.style().words() : of[random.nextInt(of.length)];
    String text = shot.style() == Style.STUDIO && rarely(.12f)
        ? who() + " in a minimalist studio"
        : kind + " of " + PromptPhrases.withArticle(who());
    return shot.background().backdrop().tinted() ? text : text.replace("minimalist ", "");
  }

  private String noun() {
    if (formal() && shot.style() != Style.OUTDOOR && rarely(.1f)) {
      return rarely(.5f) ? "professional ceo" : "ceo";
    }
    return rarely(.06f) ? "person" : Words.of(person.sex());
  }

  private String who() {
    if (anybody) {
      return noun();
    }
    String age = kept(.9f) ? Words.plainAge(person) : "";
    boolean bald = person.hair() == HairStyle.BALD;
    boolean adjective = bald && kept(1.2f);
    boolean mono = shot.style() == Style.MONOCHROME;
    boolean showsColour =
        !mono || person.hair().showsHair() && person.hairColour().showsInGray();
    List<String> with = new ArrayList<>();
    keep(with, .75f, Words.plainSkin(person));
    keep(with, 1.15f, bald ? "" : Words.hair(person, showsColour && kept(1.1f)));
    keep(with, .35f, mono ? "" : person.eyes().words() + " eyes");
    keep(with, 1.15f, person.beard().words());
    keep(
        with,
        1.2f,
        person.glasses() != Glasses.NONE && rarely(.5f)
            ? "glasses"
            : person.glasses().words());
    keep(with, .8f, person.earrings() ? "earrings" : "");
    keep(with, .8f, person.freckles() > 0 ? "freckles" : "");
    if (random != null && rarely(.3f)) {
      Collections.shuffle(with, random);
    }
    return (age.isEmpty() ? "" : age + " ")
        + (adjective ? "bald " : "")
        + noun()
        + (with.isEmpty() ? "" : " with " + PromptPhrases.join(with));
  }

  private String wearing() {
    if (person.hair().hidesClothes()) {
      return "";
    }
    if (formal() && rarely(.08f)) {
      return "business attire";
    }
    boolean coloured = shot.style() != Style.MONOCHROME && kept(1.15f);
    String clothes = Words.outfit(shot, coloured, kept(1));
    if (rarely(.25f)) {
      clothes = clothes.replace(" and tie", "");
    }
    if (woollen() && rarely(.2f)) {
      String garment = shot.clothes().outfit().words().split(" ")[0];
      clothes = clothes.replace(garment, CLOTHS.get(random.nextInt(CLOTHS.size())) + " " + garment);
    }
    return rarely(.15f) ? clothes : "wearing " + PromptPhrases.withArticle(clothes);
  }

  private boolean formal() {
    return !person.hair().hidesClothes()
        && (shot.clothes().outfit() == Outfit.SUIT || shot.clothes().outfit() == Outfit.BLAZER);
  }

  /** Knits, and jackets: what buyers call wool. */
  private boolean woollen() {
    return formal()
        || shot.clothes().outfit() == Outfit.SWEATER
        || shot.clothes().outfit() == Outfit.TURTLENECK;
  }

  private String backdrop() {
    String words = Words.backdrop(shot);
    return shot.background().backdrop() == Backdrop.BOKEH && rarely(.4f) ? "bokeh" : words;
  }

  private void keep(List<String> to, float weight, String words) {
    if (!words.isEmpty() && kept(weight)) {
      to.add(words);
    }
  }

  private boolean kept(float weight) {
    return keep >= 1 && (random == null || weight >= .7f)
        || random != null && random.nextFloat() < keep * weight;
  }

  private boolean rarely(float chance) {
    return random != null && random.nextFloat() < chance;
  }
}
