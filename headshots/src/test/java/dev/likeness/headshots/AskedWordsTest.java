package dev.likeness.headshots;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class AskedWordsTest {
  private static final Map<String, List<String>> SLOTS = new LinkedHashMap<>();

  static {
    SLOTS.put("sex", List.of("woman", "man"));
    SLOTS.put("hair", List.of("a bald head", "short # hair", "# hair with bangs", "a # bob"));
    SLOTS.put("colour", List.of("black", "red"));
    SLOTS.put("glasses", List.of("", "round glasses", "glasses"));
    SLOTS.put("backdrop", List.of("# background", "# gradient background", "park"));
    SLOTS.put("backdrop colour", List.of("blue", "light blue"));
    SLOTS.put("outfit", List.of("a # shirt", "a # t-shirt"));
    SLOTS.put("outfit colour", List.of("white", "olive"));
  }

  private static Map<String, String> asked(String prompt) {
    return AskedWords.of(prompt, SLOTS).words().entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, asked -> SLOTS.get(asked.getKey()).get(asked.getValue())));
  }

  @Test
  void findsTheLongestWordAndItsColour() {
    assertEquals(Map.of("sex", "woman", "hair", "short # hair", "colour", "red", "glasses", "round glasses", "outfit", "a # t-shirt",
        "outfit colour", "white", "backdrop", "# gradient background", "backdrop colour", "light blue"), asked(
        "studio portrait of a woman with short red hair and round glasses, wearing a striped white t-shirt, light blue gradient background"));
    assertEquals(Map.of("sex", "man", "hair", "# hair with bangs", "outfit", "a # shirt", "outfit colour", "olive", "backdrop", "park"),
        asked("portrait of a man with hair with bangs, wearing an olive shirt, park"));
    assertEquals(Map.of(), asked("portrait of somebody"));
  }

  @Test
  void isWhatTheReaderFindsOfItOnAverage() {
    Map<String, float[]> likely = Map.of("sex", new float[] {0.9f, 0.1f}, "outfit", new float[] {0.2f, 0.8f}, "outfit colour",
        new float[] {0.4f, 0.6f});
    AskedWords asked = AskedWords.of("a woman, wearing a white shirt", SLOTS);
    assertEquals((0.9 + 0.2 + 0.4) / 3, asked.shown(likely), 1e-6);
    assertEquals((0.9 + 0.2) / 2, asked.colourless().shown(likely), 1e-6);
    assertTrue(Double.isNaN(AskedWords.of("somebody", SLOTS).shown(likely)));
  }
}
