package dev.likeness.lora.internal.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Expressions out of a file's settings, beside those of the JDK, which may take for ever. */
class LayerPatternTest {
  private static final List<String> NAMES = List.of(
      "",
      "to_q",
      "attn1.to_q",
      "down_blocks.1.attentions.0.transformer_blocks.0.attn1.to_k",
      "single_transformer_blocks.10.attn.to_out.0",
      "transformer_blocks.1.attn.to_q",
      "block10",
      "a.b",
      "aab.aab");

  private static boolean expected(String pattern, String name) {
    String java = pattern.replace("(?P<", "(?<");
    return Pattern.compile("(.*\\.)?(" + java + ")").matcher(name).matches();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "to_q",
        "to_q|to_k",
        "^to_q",
        "to_q$",
        "^attn1.to_q$",
        "attn1\\.to_q",
        "block.0",
        "transformer_blocks\\.\\d+\\.attn\\.(to_q|to_k)",
        "^single_transformer_blocks.*",
        ".*blocks\\.[0-9]{1,2}\\.attn.*",
        "[^.]+",
        "[^.]*\\.[a-z]",
        "(?:aa?b)(?P<more>\\.\\w+)?",
        "(?<name>a+b)",
        "(a|ab)*",
        "(a*)*b",
        "(a|a|a)+b?",
        "\\w+\\W\\w+",
        "[\\d_a-z]+",
        "a{0}a{2}b",
        "(xy)?to_q",
        "to_q|",
        "()"
      })
  void matchesAsTheJdk(String pattern) {
    LayerPattern compiled = LayerPattern.parse(pattern, "f");
    for (String name : NAMES) {
      assertEquals(expected(pattern, name), compiled.matches(name), pattern + " and " + name);
    }
  }

  @Test
  void matchesRandomExpressionsAsTheJdk() {
    Random random = new Random(11);
    for (int i = 0; i < 2000; i++) {
      String pattern = expression(random, 3);
      LayerPattern compiled = LayerPattern.parse(pattern, "f");
      for (int k = 0; k < 10; k++) {
        String name = random
            .ints(random.nextInt(7), 0, 3)
            .mapToObj(c -> "ab.".substring(c, c + 1))
            .reduce("", String::concat);
        assertEquals(expected(pattern, name), compiled.matches(name), pattern + " and " + name);
      }
    }
  }

  private static String expression(Random random, int depth) {
    return switch (random.nextInt(depth == 0 ? 4 : 9)) {
      case 0 -> "a";
      case 1 -> "b";
      case 2 -> "\\.";
      case 3 -> ".";
      case 4 -> "(" + expression(random, depth - 1) + ")*";
      case 5 -> "(" + expression(random, depth - 1) + ")?";
      case 6 -> "(?:" + expression(random, depth - 1) + "){1,2}";
      case 7 -> expression(random, depth - 1) + "|" + expression(random, depth - 1);
      default -> expression(random, depth - 1) + expression(random, depth - 1);
    };
  }

  /** Of each, Java's own engine would need more steps than there are seconds in a year. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "((\\w|\\.)+)+!",
        "(a|a)*!",
        "(a*)*!",
        "(.*a){40}!",
        "(a?){60}a{60}!",
        "([a-z]+)*\\.!",
        "(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)(.*)!"
      })
  void needsStepsInProportionOnly(String pattern) {
    LayerPattern compiled = LayerPattern.parse(pattern, "f");
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> assertFalse(compiled.matches("a".repeat(500) + ".".repeat(500))));
  }

  @Test
  void refusesWhatItCannotMatchInProportion() {
    for (String pattern : List.of(
        "(a)\\1",
        "(?=a)b",
        "(?!a)b",
        "(?<=a)b",
        "(?<!a)b",
        "(?i)a",
        "(?P=a)",
        "a**",
        "a*+",
        "*a",
        "(a",
        "a)",
        "[a",
        "[b-a]",
        "a{2,1}",
        "a{99999}",
        "\\q",
        "\\",
        "(?",
        "(?P<",
        "a{1000}{1000}",
        "((a{1000}){1000}){1000}",
        "(((){1000}){1000}){1000}",
        "(".repeat(5000),
        "(".repeat(2000) + ")".repeat(2000),
        "a".repeat(5000),
        "[" + "a".repeat(3000) + "]")) {
      String message = assertTimeoutPreemptively(
          Duration.ofSeconds(60),
          () -> assertThrows(InvalidInputException.class, () -> LayerPattern.parse(pattern, "f.st"))
              .getMessage());
      assertTrue(
          message.startsWith("f.st has the layer pattern \"") && message.length() < 400, message);
    }
  }

  @Test
  void quotesTheExpression() {
    String message = assertThrows(
            InvalidInputException.class, () -> LayerPattern.parse("(\u001b]0;owned\u0007\n", "f"))
        .getMessage();
    assertEquals(1, message.lines().count(), message);
    assertFalse(message.contains("\u001b"), message);
  }
}
