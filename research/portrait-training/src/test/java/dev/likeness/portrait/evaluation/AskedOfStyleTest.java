package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.headshots.style.Style;
import dev.likeness.portrait.people.Attribute;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AskedOfStyleTest {
  private static final String PROMPT =
      "studio portrait of a man with short red hair, wearing a black turtleneck, gray background";

  @Test
  void asksForNoColoursOfBlackAndWhite() {
    assertEquals(
        Set.of("red"),
        IdentityFigures.asked(Style.named("studio"), PROMPT).get(Attribute.HAIR_COLOUR));
    assertEquals(
        Set.of(
            Attribute.STYLE, Attribute.SEX, Attribute.HAIR, Attribute.OUTFIT, Attribute.BACKDROP),
        IdentityFigures.asked(Style.named("black-and-white"), PROMPT).keySet());
  }
}
