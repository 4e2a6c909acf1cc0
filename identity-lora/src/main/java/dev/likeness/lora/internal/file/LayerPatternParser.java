package dev.likeness.lora.internal.file;

import dev.likeness.lora.internal.file.LayerPattern.Choice;
import dev.likeness.lora.internal.file.LayerPattern.Condition;
import dev.likeness.lora.internal.file.LayerPattern.Node;
import dev.likeness.lora.internal.file.LayerPattern.OneCharacter;
import dev.likeness.lora.internal.file.LayerPattern.Repetition;
import dev.likeness.lora.internal.file.LayerPattern.Sequence;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/** The parser of {@link LayerPattern}, by recursive descent of limited depth. */
final class LayerPatternParser {
  // Far more than patterns of layer names need; without a limit, a file could exhaust the stack.
  private static final int DEEPEST = 64;
  private static final int LONGEST_CLASS = 64;

  private final String text;
  private int at;
  private int depth;
  private int classParts;

  LayerPatternParser(String text) {
    this.text = text;
  }

  /**
   * Returns the parsed expression.
   *
   * @throws IllegalArgumentException if it is none; the message continues a sentence with "which"
   */
  Node parse() {
    Node all = choice();
    if (at < text.length()) {
      throw new IllegalArgumentException("has a ')' without a '('");
    }
    return all;
  }

  private Node choice() {
    if (++depth > DEEPEST) {
      throw new IllegalArgumentException("has more than " + DEEPEST + " nested groups");
    }
    Node left = sequence();
    while (take("|")) {
      left = new Choice(left, sequence());
    }
    depth--;
    return left;
  }

  private Node sequence() {
    List<Node> parts = new ArrayList<>();
    while (at < text.length() && text.charAt(at) != '|' && text.charAt(at) != ')') {
      parts.add(repetition(atom()));
    }
    return parts.size() == 1 ? parts.get(0) : new Sequence(parts);
  }

  private Node repetition(Node part) {
    int least;
    int most;
    if (take("*")) {
      least = 0;
      most = LayerPattern.ENDLESS;
    } else if (take("+")) {
      least = 1;
      most = LayerPattern.ENDLESS;
    } else if (take("?")) {
      least = 0;
      most = 1;
    } else if (take("{")) {
      least = number(0);
      most = take(",") ? number(LayerPattern.ENDLESS) : least;
      if (!take("}") || most != LayerPattern.ENDLESS && most < least) {
        throw new IllegalArgumentException("has a repetition that is not {n} or {n,m}");
      }
    } else {
      return part;
    }
    take("?");
    if (at < text.length() && "*+?{".indexOf(text.charAt(at)) >= 0) {
      throw new IllegalArgumentException("has two quantifiers in a row");
    }
    return new Repetition(part, least, most);
  }

  private int number(int absent) {
    int start = at;
    while (at < text.length() && Character.isDigit(text.charAt(at))) {
      at++;
    }
    if (at - start > 4) {
      throw new IllegalArgumentException("repeats a part more than 9999 times");
    }
    return at == start ? absent : Integer.parseInt(text, start, at, 10);
  }

  private Node atom() {
    char c = text.charAt(at++);
    return switch (c) {
      case '(' -> group();
      case '[' -> new OneCharacter(bracket());
      case '.' -> new OneCharacter(any -> any != '\n');
      case '^' -> new Condition(false);
      case '$' -> new Condition(true);
      case '\\' -> escaped();
      case '*', '+', '?', '{' ->
        throw new IllegalArgumentException("has nothing to repeat at character " + at);
      default -> new OneCharacter(one -> one == c);
    };
  }

  private Node group() {
    if (take("?")) {
      boolean named = take("P<")
          || at + 1 < text.length()
              && text.charAt(at) == '<'
              && "=!".indexOf(text.charAt(at + 1)) < 0;
      if (named) {
        int end = text.indexOf('>', at);
        at = end < 0 ? text.length() : end + 1;
      } else if (!take(":")) {
        throw new IllegalArgumentException(
            "has a group (?" + text.substring(at, Math.min(at + 1, text.length()))
                + " for look-around or options, which is not supported");
      }
    }
    Node inner = choice();
    if (!take(")")) {
      throw new IllegalArgumentException("has a '(' without a ')'");
    }
    return inner;
  }

  private IntPredicate bracket() {
    boolean negated = take("^");
    IntPredicate any = c -> false;
    boolean isFirst = true;
    while (isFirst || !take("]")) {
      isFirst = false;
      IntPredicate part;
      char low = next();
      if (low == '\\' && "dDwWsS".indexOf(peek()) >= 0) {
        part = kind(next());
      } else {
        char start = low == '\\' ? literal(next()) : low;
        boolean range = peek() == '-' && at + 1 < text.length() && text.charAt(at + 1) != ']';
        char end = start;
        if (range) {
          at++;
          char high = next();
          end = high == '\\' ? literal(next()) : high;
        }
        if (end < start) {
          throw new IllegalArgumentException("has a range that ends before it starts");
        }
        char last = end;
        part = c -> c >= start && c <= last;
      }
      IntPredicate before = any;
      any = before.or(part);
      if (++classParts > LONGEST_CLASS) {
        throw new IllegalArgumentException(
            "has more than " + LONGEST_CLASS + " characters in brackets");
      }
    }
    return negated ? any.negate() : any;
  }

  private Node escaped() {
    char c = next();
    return switch (c) {
      case 'd', 'D', 'w', 'W', 's', 'S' -> new OneCharacter(kind(c));
      case 'A' -> new Condition(false);
      case 'Z' -> new Condition(true);
      default -> {
        char one = literal(c);
        yield new OneCharacter(other -> other == one);
      }
    };
  }

  private static char literal(char escaped) {
    if (escaped < 128 && Character.isLetterOrDigit(escaped)) {
      throw new IllegalArgumentException(
          "has the escape \\" + escaped + ", which is not supported");
    }
    return escaped;
  }

  private static IntPredicate kind(char letter) {
    IntPredicate kind =
        switch (Character.toLowerCase(letter)) {
          case 'd' -> c -> c >= '0' && c <= '9';
          case 'w' -> c -> c < 128 && (Character.isLetterOrDigit(c) || c == '_');
          default -> c -> c == ' ' || c >= '\t' && c <= '\r';
        };
    return Character.isUpperCase(letter) ? kind.negate() : kind;
  }

  private char peek() {
    return at < text.length() ? text.charAt(at) : 0;
  }

  private char next() {
    if (at == text.length()) {
      throw new IllegalArgumentException("ends too early");
    }
    return text.charAt(at++);
  }

  private boolean take(String expected) {
    boolean here = text.startsWith(expected, at);
    at += here ? expected.length() : 0;
    return here;
  }
}
