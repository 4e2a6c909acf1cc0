package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.headshots.style.Style;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class PromptWordsTest {
  private static final Map<String, List<String>> ATTRIBUTES = new LinkedHashMap<>();

  static {
    ATTRIBUTES.put("hair", List.of("a bald head", "short # hair", "# hair with bangs", "a # bob"));
    ATTRIBUTES.put("colour", List.of("black", "red"));
    ATTRIBUTES.put("backdrop", List.of("# background", "# gradient background", "Park"));
    ATTRIBUTES.put("backdrop colour", List.of("blue", "light blue"));
    ATTRIBUTES.put("outfit", List.of("a # shirt", "a # t-shirt"));
    ATTRIBUTES.put("outfit colour", List.of("white", "olive"));
  }

  private static Map<String, String> wordsOf(String prompt) {
    return PromptAdherence.PromptWords.of(prompt, ATTRIBUTES).words().entrySet().stream()
        .collect(Collectors.toMap(
            Map.Entry::getKey, asked -> ATTRIBUTES.get(asked.getKey()).get(asked.getValue())));
  }

  @Test
  void findsWordsAndTheirColours() {
    assertEquals(
        Map.of(
            "hair",
            "short # hair",
            "colour",
            "red",
            "outfit",
            "a # t-shirt",
            "outfit colour",
            "white",
            "backdrop",
            "# gradient background",
            "backdrop colour",
            "light blue"),
        wordsOf(
            "studio portrait of a woman with short red hair, wearing a striped white T-shirt, Light blue gradient"
                + " background"));
    assertEquals(
        Map.of(
            "hair",
            "# hair with bangs",
            "outfit",
            "a # shirt",
            "outfit colour",
            "olive",
            "backdrop",
            "Park"),
        wordsOf("portrait of a man with hair with bangs, wearing an olive shirt, park"));
    assertEquals(
        Map.of("hair", "a # bob", "colour", "red", "backdrop", "# background"),
        wordsOf("a woman with a red bob, teal background"));
    assertEquals(Map.of(), wordsOf("portrait of a shirtless sweatshirt-wearer in a parka"));
  }

  @Test
  void findsTheFirstOfTwo() {
    assertEquals(
        Map.of("outfit", "a # shirt", "outfit colour", "olive"),
        wordsOf("an olive shirt under a white t-shirt"));
    assertEquals(
        Map.of("outfit", "a # t-shirt", "outfit colour", "white"),
        wordsOf("a white t-shirt under an olive shirt"));
  }

  @Test
  void skipsAttributesThatTheReaderLacks() {
    assertEquals(
        Map.of("outfit", 0),
        PromptAdherence.PromptWords.of(
                "wearing a navy shirt", Map.of("outfit", List.of("a # shirt", "")))
            .words());
    assertEquals(
        Map.of("outfit", 0),
        PromptAdherence.PromptWords.of(
                "wearing a navy shirt",
                Map.of("outfit", List.of("a # shirt", ""), "outfit colour", List.of("", "never")))
            .words());
    assertEquals(
        Map.of(),
        PromptAdherence.PromptWords.of("wearing a navy shirt", Map.of("sex", List.of("a", "b")))
            .words());
  }

  @Test
  void knowsTheWordsOfBuiltInStyles() {
    Map<String, List<String>> slots = Map.of(
        "light",
            List.of(
                "soft light",
                "rembrandt lighting",
                "rim light",
                "backlit",
                "window light",
                "golden hour",
                "flash"),
        "backdrop",
            List.of(
                "# background",
                "# gradient background",
                "office background",
                "brick wall",
                "bookshelves",
                "city street",
                "park",
                "bokeh lights",
                "living room"),
        "outfit",
            List.of(
                "a # suit and tie",
                "a # blazer",
                "a # shirt",
                "a # blouse",
                "a # sweater",
                "a # turtleneck",
                "a # t-shirt",
                "a # hoodie"));
    for (Style style : Style.all()) {
      Map<String, Integer> words = PromptAdherence.PromptWords.of(
              style.prompt("a woman with short red hair", 0), slots)
          .words();
      assertTrue(
          words.containsKey("outfit") && words.containsKey("backdrop"),
          style.name() + ": " + words);
    }
  }

  @Test
  void isTheGeometricMeanOfWhatTheReaderFindsOfIt() {
    Map<String, float[]> likely =
        Map.of("outfit", new float[] {0.2f, 0.8f}, "outfit colour", new float[] {0.4f, 0.6f});
    PromptAdherence.PromptWords asked =
        PromptAdherence.PromptWords.of("a woman, wearing a white shirt", ATTRIBUTES);
    assertEquals(Math.sqrt(0.2 * 0.4), asked.probability(likely), 1e-6);
    assertEquals(0.2, asked.withoutColours().probability(likely), 1e-6);
    assertTrue(
        Double.isNaN(PromptAdherence.PromptWords.of("somebody", ATTRIBUTES).probability(likely)));
  }
}
