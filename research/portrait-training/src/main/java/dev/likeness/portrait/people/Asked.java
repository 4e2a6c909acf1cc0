package dev.likeness.portrait.people;

import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What a prompt in the words of captions asks for. */
public final class Asked {
  private static final String TINT = any(Attribute.OUTFIT_COLOUR.words());
  private static final String HAIR_COLOUR = any(Attribute.HAIR_COLOUR.words());
  private static final String GARMENT =
      Stream.of(Outfit.values()).map(Asked::garment).collect(Collectors.joining("|"));
  private static final Pattern CLOTHES = Pattern.compile("\\b(?:(" + any(Attribute.PATTERN.words())
      + ") )?(?:(" + TINT + ") )?(?:(?:italian )?wool )?(" + GARMENT + ")\\b");
  private static final Pattern BACKGROUND =
      Pattern.compile("(" + TINT + ") (?:gradient )?background");
  private static final Pattern GLASSES = Pattern.compile("\\bglasses\\b");

  private final String prompt;
  private final Map<Attribute, Set<String>> words = new EnumMap<>(Attribute.class);

  private Asked(String prompt) {
    this.prompt = prompt;
  }

  /** For each attribute that {@code prompt} speaks of, the words of which one has to hold. */
  public static Map<Attribute, Set<String>> of(String prompt) {
    Asked asked = new Asked(" " + prompt.toLowerCase(Locale.ROOT).replace(",", " , ") + " ");
    for (Attribute attribute : List.of(
        Attribute.SEX,
        Attribute.AGE,
        Attribute.SKIN,
        Attribute.EYES,
        Attribute.BEARD,
        Attribute.EARRINGS,
        Attribute.FRECKLES,
        Attribute.EXPRESSION,
        Attribute.POSE,
        Attribute.GAZE)) {
      attribute.words().stream()
          .filter(word -> !word.isEmpty() && asked.says(word))
          .forEach(word -> asked.put(attribute, word));
    }
    asked.style();
    asked.hair();
    asked.glasses();
    asked.light();
    asked.clothes();
    asked.backdrop();
    return asked.words;
  }

  private void style() {
    for (Style style : Style.values()) {
      if (Caption.openings(style).anyMatch(this::says)) {
        put(Attribute.STYLE, style.words());
      }
    }
  }

  private void hair() {
    for (HairStyle style : HairStyle.values()) {
      String pattern = style
          .pattern()
          .replace("# ", "")
          .replace("% ", "(?:(" + HAIR_COLOUR + "|" + TINT + ") )?");
      Matcher found = Pattern.compile(
              style == HairStyle.BALD ? "\\bbald\\b()?" : "\\b" + pattern + "\\b")
          .matcher(prompt);
      if (found.find()) {
        put(Attribute.HAIR, style.words());
        if (style.showsHair() && found.group(1) != null) {
          put(Attribute.HAIR_COLOUR, found.group(1));
        }
      }
    }
  }

  private void glasses() {
    if (GLASSES.matcher(prompt).find()) {
      List<String> kinds =
          Attribute.GLASSES.words().stream().filter(kind -> !kind.isEmpty()).toList();
      List<String> named =
          kinds.stream().filter(kind -> kind.contains(" ") && says(kind)).toList();
      (named.isEmpty() ? kinds : named).forEach(kind -> put(Attribute.GLASSES, kind));
    }
  }

  private void light() {
    for (Light light : Light.values()) {
      if (light != Light.COLOURED && says(light.words())) {
        put(Attribute.LIGHT, light.words());
      }
    }
    Matcher coloured = Pattern.compile("\\b(" + TINT + ") lighting\\b").matcher(prompt);
    if (coloured.find()) {
      put(Attribute.LIGHT, Light.COLOURED.words());
      put(Attribute.LIGHT_COLOUR, coloured.group(1));
    }
  }

  private void clothes() {
    if (says("business attire")) {
      put(Attribute.OUTFIT, Outfit.SUIT.words());
      put(Attribute.OUTFIT, Outfit.BLAZER.words());
    }
    Matcher found = CLOTHES.matcher(prompt);
    if (found.find()) {
      Stream.of(Outfit.values())
          .filter(outfit -> garment(outfit).equals(found.group(3)))
          .forEach(outfit -> put(Attribute.OUTFIT, outfit.words()));
      put(Attribute.PATTERN, found.group(1));
      put(Attribute.OUTFIT_COLOUR, found.group(2));
    }
  }

  private void backdrop() {
    List<Backdrop> named = Stream.of(Backdrop.values())
        .filter(b -> b != Backdrop.PAPER)
        .filter(b -> says(b == Backdrop.BOKEH ? "bokeh" : b.words()))
        .toList();
    named.forEach(backdrop -> put(Attribute.BACKDROP, backdrop.words()));
    if (named.isEmpty() && says(Backdrop.PAPER.words())) {
      put(Attribute.BACKDROP, Backdrop.PAPER.words());
    }
    Matcher coloured = BACKGROUND.matcher(prompt);
    put(Attribute.BACKDROP_COLOUR, coloured.find() ? coloured.group(1) : null);
  }

  private boolean says(String phrase) {
    return prompt.contains(" " + phrase + " ");
  }

  private void put(Attribute attribute, String word) {
    if (word != null) {
      words.computeIfAbsent(attribute, a -> new LinkedHashSet<>()).add(word);
    }
  }

  private static String garment(Outfit outfit) {
    return outfit.words().split(" ")[0];
  }

  /** An alternative of words, longer ones first, so that "light blue" is not taken for "blue". */
  private static String any(List<String> words) {
    return words.stream()
        .filter(word -> !word.isEmpty())
        .sorted((a, b) -> b.length() - a.length())
        .collect(Collectors.joining("|"));
  }
}
