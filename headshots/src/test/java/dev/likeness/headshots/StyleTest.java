package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.UnusableInput;
import java.util.List;
import org.junit.jupiter.api.Test;

class StyleTest {
  @Test
  void hasTheStylesThatTheCommandOffers() {
    assertEquals(List.of("studio", "office", "outdoor", "black-and-white"), Style.all().stream().map(Style::name)
        .toList());
    assertEquals("Black and white", Style.named("Black-And-White").title());
  }

  @Test
  void namesTheKnownStylesForOneThatIsNot() {
    IllegalArgumentException wrong = assertThrows(IllegalArgumentException.class, () -> Style.named("noir"));
    assertEquals("unknown style \"noir\"; known: studio, office, outdoor, black-and-white", wrong.getMessage());
  }

  @Test
  void takesItsVariantsInTurn() {
    Style style = new Style("plain", "Plain", "portrait", List.of("smiling", "serious"), "");
    assertEquals("portrait of a man, smiling", style.prompt("a man", 0));
    assertEquals("portrait of a man, serious", style.prompt("a man", 1));
    assertEquals("portrait of a man, smiling", style.prompt("a man", 2));
  }

  @Test
  void drawsNobodyForEmptyWords() {
    assertThrows(UnusableInput.class, () -> Style.named("studio").prompt(" ", 0));
  }
}
