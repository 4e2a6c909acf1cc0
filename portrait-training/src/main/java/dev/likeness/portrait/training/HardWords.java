package dev.likeness.portrait.training;

import dev.likeness.portrait.people.Asked;
import dev.likeness.portrait.people.Attribute;
import dev.likeness.portrait.people.Caption;
import dev.likeness.portrait.people.Person;
import dev.likeness.portrait.people.Shot;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** What a model of this size draws worst, since it is fine or seldom, and so is shown and asked for more often. */
final class HardWords {
  /** Words of shots, which are drawn apart from people: who is chosen by them is as dark, as old and as freckled as anybody. */
  private static final Set<Attribute> HARD = EnumSet.of(Attribute.LIGHT_COLOUR, Attribute.PATTERN, Attribute.BACKDROP_COLOUR);

  private HardWords() {}

  /** How many of the attributes that are asked for are such. */
  static int count(Map<Attribute, Set<String>> asked) {
    return (int) asked.keySet().stream().filter(HARD::contains).count();
  }

  /** How many of them a caption that leaves nothing out speaks of. */
  static int count(Person person, Shot shot) {
    return count(Asked.of(Caption.full(person, shot)));
  }
}
