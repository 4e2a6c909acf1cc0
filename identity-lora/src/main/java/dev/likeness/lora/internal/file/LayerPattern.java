package dev.likeness.lora.internal.file;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * A regular expression for layer names out of a file's settings. A match takes at most as many
 * steps as the expression has states times characters of the name, whatever the expression is: all
 * states advance together (Thompson 1968, "Regular Expression Search Algorithm"). Expressions that
 * cannot be matched so, with look-around or back-references, are refused.
 *
 * <p>Syntax: that of Python's {@code re}, which peft uses, for ASCII names.
 */
final class LayerPattern {
  /** The longest expression, in characters. */
  private static final int LONGEST = 4096;
  /** The most states of one expression, after repetitions such as {@code {3}} are written out. */
  static final int MOST_STATES = 2000;

  /** The largest number of a repetition without one. */
  static final int ENDLESS = -1;

  /** One state: a character to read, a choice between two states, or a condition on the place. */
  private record State(IntPredicate character, Place place, int next, int other) {}

  private enum Place {
    START,
    END
  }

  private final String text;
  /** What each character must be, if the expression has no choices; otherwise null. */
  private final List<IntPredicate> plain;

  /** True if an expression without choices matches whole names only. */
  private final boolean isWhole;

  private final List<State> states = new ArrayList<>();
  private int first;

  private LayerPattern(String text, List<IntPredicate> plain, boolean isWhole) {
    this.text = text;
    this.plain = plain;
    this.isWhole = isWhole;
  }

  /**
   * Parses an expression.
   *
   * @param where the file and setting, for messages
   * @throws InvalidInputException if the expression is not one, or is not supported
   */
  static LayerPattern parse(String text, String where) {
    try {
      if (text.length() > LONGEST) {
        throw new IllegalArgumentException("is longer than " + LONGEST + " characters");
      }
      Node parsed = new LayerPatternParser(text).parse();
      LayerPattern pattern = new LayerPattern(text, parsed.plain(), parsed.starts());
      if (pattern.plain == null) {
        pattern.first = parsed.add(pattern, pattern.add(null, null, 0, 0));
      }
      return pattern;
    } catch (IllegalArgumentException e) {
      throw new InvalidInputException(where + " has the layer pattern " + Quoted.of(text)
          + ", which " + e.getMessage() + ", expected the name of a layer or a simple regular"
          + " expression; save the LoRA again");
    }
  }

  /** Returns the number of states; 0 for a name without choices. */
  int states() {
    return states.size();
  }

  /** Returns true if the whole name, or its end after a dot, matches, as in peft. */
  boolean matches(String name) {
    return plain == null ? run(name) : matchesPlain(name);
  }

  private boolean matchesPlain(String name) {
    int start = name.length() - plain.size();
    if (start < 0 || start > 0 && (isWhole || name.charAt(start - 1) != '.')) {
      return false;
    }
    for (int i = plain.size() - 1; i >= 0; i--) {
      if (!plain.get(i).test(name.charAt(start + i))) {
        return false;
      }
    }
    return true;
  }

  private boolean run(String name) {
    StateSet now = new StateSet(states.size());
    StateSet after = new StateSet(states.size());
    for (int at = 0; ; at++) {
      if (at == 0 || name.charAt(at - 1) == '.') {
        reach(now, first, name, at);
      }
      if (at == name.length()) {
        return now.contains(0);
      }
      after.clear();
      for (int i = 0; i < now.size; i++) {
        State state = states.get(now.members[i]);
        if (state.character != null && state.character.test(name.charAt(at))) {
          reach(after, state.next, name, at + 1);
        }
      }
      StateSet free = now;
      now = after;
      after = free;
    }
  }

  /** Adds a state and all that follow it without a character. */
  private void reach(StateSet set, int start, String name, int at) {
    int from = set.size;
    set.add(start);
    for (int i = from; i < set.size; i++) {
      State state = states.get(set.members[i]);
      if (state.character == null && set.members[i] != 0 && holds(state.place, name, at)) {
        set.add(state.next);
        set.add(state.other);
      }
    }
  }

  private static boolean holds(Place place, String name, int at) {
    if (place == null) {
      return true;
    }
    return place == Place.START ? at == 0 : at == name.length();
  }

  private int add(IntPredicate character, Place place, int next, int other) {
    if (states.size() > MOST_STATES) {
      throw new IllegalArgumentException("has more than " + MOST_STATES + " states");
    }
    states.add(new State(character, place, next, other));
    return states.size() - 1;
  }

  @Override
  public String toString() {
    return text;
  }

  /** A set of states, in the order of their addition. */
  private static final class StateSet {
    private final int[] members;
    private final boolean[] isMember;
    private int size;

    StateSet(int states) {
      members = new int[states];
      isMember = new boolean[states];
    }

    void add(int state) {
      if (!isMember[state]) {
        isMember[state] = true;
        members[size++] = state;
      }
    }

    boolean contains(int state) {
      return isMember[state];
    }

    void clear() {
      Arrays.fill(isMember, false);
      size = 0;
    }
  }

  /** A part of an expression. */
  interface Node {
    /** Adds the states of this part before the state {@code next}, and returns the first. */
    int add(LayerPattern pattern, int next);

    /** Returns a predicate for each character, or null if the part has choices. */
    default List<IntPredicate> plain() {
      return null;
    }

    /** Returns true if the part begins at the start of a name. */
    default boolean starts() {
      return false;
    }
  }

  record OneCharacter(IntPredicate accepted) implements Node {
    @Override
    public int add(LayerPattern pattern, int next) {
      return pattern.add(accepted, null, next, next);
    }

    @Override
    public List<IntPredicate> plain() {
      return List.of(accepted);
    }
  }

  record Sequence(List<Node> parts) implements Node {
    @Override
    public int add(LayerPattern pattern, int next) {
      int start = next;
      for (int i = parts.size() - 1; i >= 0; i--) {
        start = parts.get(i).add(pattern, start);
      }
      return start;
    }

    @Override
    public List<IntPredicate> plain() {
      List<IntPredicate> all = new ArrayList<>();
      for (int i = 0; i < parts.size(); i++) {
        boolean implied = i == 0 && parts.get(i).starts()
            || i == parts.size() - 1 && parts.get(i) instanceof Condition end && end.atEnd();
        List<IntPredicate> own = implied ? List.of() : parts.get(i).plain();
        if (own == null) {
          return null;
        }
        all.addAll(own);
      }
      return all;
    }

    @Override
    public boolean starts() {
      return !parts.isEmpty() && parts.get(0) instanceof Condition start && !start.atEnd();
    }
  }

  record Choice(Node one, Node other) implements Node {
    @Override
    public int add(LayerPattern pattern, int next) {
      return pattern.add(null, null, one.add(pattern, next), other.add(pattern, next));
    }
  }

  record Condition(boolean atEnd) implements Node {
    @Override
    public int add(LayerPattern pattern, int next) {
      return pattern.add(null, atEnd ? Place.END : Place.START, next, next);
    }

    @Override
    public boolean starts() {
      return !atEnd;
    }
  }

  record Repetition(Node part, int least, int most) implements Node {
    @Override
    public int add(LayerPattern pattern, int next) {
      int start = next;
      if (most == ENDLESS) {
        start = pattern.add(null, null, next, next);
        int inner = part.add(pattern, start);
        pattern.states.set(start, new State(null, null, inner, next));
      }
      for (int i = least; i < most; i++) {
        start = pattern.add(null, null, part.add(pattern, start), next);
      }
      for (int i = 0; i < least; i++) {
        // A state for each copy, so that the limit of states also counts copies of nothing.
        start = pattern.add(null, null, start, start);
        start = part.add(pattern, start);
      }
      return start;
    }
  }
}
