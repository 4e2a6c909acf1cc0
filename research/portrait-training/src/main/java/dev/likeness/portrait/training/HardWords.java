package dev.likeness.portrait.training;

import dev.likeness.portrait.people.Asked;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Caption;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Shot;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a model of this size draws worst, since it is small or seldom, and so is shown and asked for
 * more often.
 */
final class HardWords {
  /** What drawings are asked for, and count twice by. */
  private static final Set<Attribute> ASKED = EnumSet.of(
      Attribute.AGE,
      Attribute.EYES,
      Attribute.LIGHT_COLOUR,
      Attribute.OUTFIT,
      Attribute.PATTERN,
      Attribute.BACKDROP_COLOUR);
  /**
   * What renders are chosen by: words of shots, which are drawn apart from people, so that who is
   * chosen is as dark, as old and as freckled as anybody.
   */
  private static final Set<Attribute> SHOWN =
      EnumSet.of(Attribute.LIGHT_COLOUR, Attribute.PATTERN, Attribute.BACKDROP_COLOUR);

  private HardWords() {}

  /** How many of the attributes that are asked for are such. */
  static int asked(Map<Attribute, Set<String>> asked) {
    return count(asked, ASKED);
  }

  /** What the lack of this counts by, beside 1 of what is drawn as asked. */
  static double weight(Attribute attribute) {
    return ASKED.contains(attribute) ? 2 : 1;
  }

  /** How many of those that renders are chosen by a caption that leaves nothing out speaks of. */
  static int shown(Person person, Shot shot) {
    return count(Asked.of(Caption.full(person, shot)), SHOWN);
  }

  /** Names a choice of so many, for what is made by it and holds for no other. */
  static String choice(int candidates) {
    return candidates == 1
        ? "1"
        : candidates + " by "
            + SHOWN.stream().map(Attribute::name).collect(Collectors.joining(" "));
  }

  private static int count(Map<Attribute, Set<String>> asked, Set<Attribute> hard) {
    return (int) asked.keySet().stream().filter(hard::contains).count();
  }
}
