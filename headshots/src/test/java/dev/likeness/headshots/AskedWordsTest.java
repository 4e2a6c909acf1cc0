package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.headshots.style.Style;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class AskedWordsTest {
  private static final Map<String, List<String>> SLOTS = new LinkedHashMap<>();

  static {
    SLOTS.put("hair", List.of("a bald head", "short # hair", "# hair with bangs", "a # bob"));
    SLOTS.put("colour", List.of("black", "red"));
    SLOTS.put("backdrop", List.of("# background", "# gradient background", "Park"));
    SLOTS.put("backdrop colour", List.of("blue", "light blue"));
    SLOTS.put("outfit", List.of("a # shirt", "a # t-shirt"));
    SLOTS.put("outfit colour", List.of("white", "olive"));
  }

  private static Map<String, String> asked(String prompt) {
    return PromptAdherence.AskedWords.of(prompt, SLOTS).words().entrySet().stream()
        .collect(Collectors.toMap(
            Map.Entry::getKey, asked -> SLOTS.get(asked.getKey()).get(asked.getValue())));
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
        asked(
            "studio portrait of a woman with short red hair, wearing a striped white T-shirt, Light blue gradient background"));
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
        asked("portrait of a man with hair with bangs, wearing an olive shirt, park"));
    assertEquals(
        Map.of("hair", "a # bob", "colour", "red", "backdrop", "# background"),
        asked("a woman with a red bob, teal background"));
    assertEquals(Map.of(), asked("portrait of a shirtless sweatshirt-wearer in a parka"));
  }

  @Test
  void findsTheFirstOfTwo() {
    assertEquals(
        Map.of("outfit", "a # shirt", "outfit colour", "olive"),
        asked("an olive shirt under a white t-shirt"));
    assertEquals(
        Map.of("outfit", "a # t-shirt", "outfit colour", "white"),
        asked("a white t-shirt under an olive shirt"));
  }

  @Test
  void asksNoReaderForWhatItDoesNotTell() {
    assertEquals(
        Map.of("outfit", 0),
        PromptAdherence.AskedWords.of(
                "wearing a navy shirt", Map.of("outfit", List.of("a # shirt", "")))
            .words());
    assertEquals(
        Map.of("outfit", 0),
        PromptAdherence.AskedWords.of(
                "wearing a navy shirt",
                Map.of("outfit", List.of("a # shirt", ""), "outfit colour", List.of("", "never")))
            .words());
    assertEquals(
        Map.of(),
        PromptAdherence.AskedWords.of("wearing a navy shirt", Map.of("sex", List.of("a", "b")))
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
      Map<String, Integer> words = PromptAdherence.AskedWords.of(
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
    PromptAdherence.AskedWords asked =
        PromptAdherence.AskedWords.of("a woman, wearing a white shirt", SLOTS);
    assertEquals(Math.sqrt(0.2 * 0.4), asked.shown(likely), 1e-6);
    assertEquals(0.2, asked.colourless().shown(likely), 1e-6);
    assertTrue(Double.isNaN(PromptAdherence.AskedWords.of("somebody", SLOTS).shown(likely)));
  }
}
