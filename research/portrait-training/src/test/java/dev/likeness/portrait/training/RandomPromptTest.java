package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.likeness.portrait.people.Style;
import java.util.List;
import org.junit.jupiter.api.Test;

class RandomPromptTest {
  @Test
  void saysAsMuchInEveryStyle() {
    List<RandomPrompt> prompts = RandomPrompt.draw(3, 1200);
    double all =
        prompts.stream().mapToInt(prompt -> prompt.text().length()).average().orElseThrow();
    for (Style style : List.of(Style.STUDIO, Style.OFFICE, Style.OUTDOOR, Style.MONOCHROME)) {
      double own = prompts.stream()
          .filter(prompt -> prompt.shot().style() == style)
          .mapToInt(prompt -> prompt.text().length())
          .average()
          .orElseThrow();
      assertEquals(1, own / all, 0.15, style.words());
    }
  }
}
