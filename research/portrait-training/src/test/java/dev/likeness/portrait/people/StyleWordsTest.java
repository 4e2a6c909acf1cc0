package dev.likeness.portrait.people;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.headshots.style.Style;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** The embedded model knows the words of the renderer's captions and no others. */
class StyleWordsTest {
  @Test
  void stylesUseTheWordsThatThePortraitModelKnows() {
    List<String> prompts = new ArrayList<>();
    for (Style style : Style.all()) {
      for (int i = 0; i < 60; i++) {
        prompts.add(style.prompt("a person", i));
      }
    }
    assertEquals(List.of(), unknown(prompts));
  }

  @Test
  void peopleAreDescribedInThemToo() throws IOException {
    try (InputStream in = PersonProfile.class.getResourceAsStream("person-words.json")) {
      List<String> words = new ArrayList<>(List.of("selfie of a person with and"));
      for (Object slot : JSON.std.listFrom(in)) {
        ((List<?>) ((Map<?, ?>) slot).get("words"))
            .forEach(word -> words.add(word.toString().replace("#", "")));
      }
      assertEquals(List.of(), unknown(words));
    }
  }

  private static List<String> unknown(List<String> texts) {
    TreeSet<String> words = new TreeSet<>();
    texts.forEach(text -> words.addAll(List.of(text.split("[ ,]+"))));
    words.remove("");
    words.removeAll(Words.vocabulary());
    return List.copyOf(words);
  }
}
