package dev.likeness.studio.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.portrait.PortraitModel;
import dev.likeness.studio.StudioOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On a German page, no sentence stays English: of the page, of the library, or of the server. */
class GermanPageTest {
  /** Words that are the same in both languages. */
  private static final Set<String> SAME = Set.of(
      "Export",
      "Studio",
      "Name",
      "Format",
      "Seed",
      "Seeds",
      "Scheduler",
      "Prompt",
      "Timestep",
      "sigma",
      "IP-Adapter",
      "ControlNets",
      "PNG",
      "JPEG",
      "WEBP",
      "FaceID Portrait",
      "Ada");

  /** All texts of a page, except names, file names, commands and words of prompts. */
  private static final String TEXTS =
      "const texts = []; const own = e => !e.closest('[translate=no], code, pre, datalist, script, noscript');"
          + "const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);"
          + "while (walk.nextNode()) { const e = walk.currentNode.parentElement;"
          + "  if (own(e)) texts.push(walk.currentNode.data.trim()); }"
          + "for (const name of ['aria-label', 'alt', 'placeholder'])"
          + "  for (const e of document.querySelectorAll('[' + name + ']'))"
          + "    if (own(e)) texts.push(e.getAttribute(name));"
          + "return texts.filter(text => /[A-Za-z]{3}/.test(text));";

  @TempDir
  private Path folder;

  private Browser browser;
  private OpenStudio studio;

  @BeforeEach
  void open() {
    browser = Browser.open();
    studio = OpenStudio.on(PortraitModel.files(), folder, StudioOptions.defaults());
  }

  @AfterEach
  void close() {
    if (studio != null) {
      studio.close();
      browser.close();
    }
  }

  @Test
  void hasNoEnglishTextLeft() throws IOException {
    String fresh = studio.addSample(4);
    String person = studio.addShot(2);
    studio.post("/api/people", Map.of("agreed", true, "name", "Ada"));
    String edits = "/api/people/" + person + "/images/1/edits";
    studio.post(edits, Map.of("action", "start", "backdrop", "a plain red wall"));
    Browser.await(() -> "none".equals(studio.get(edits).get("state")), "the edit");
    browser.go(studio.address());
    browser.await(".drop");
    Set<String> left = new TreeSet<>();
    for (String page : List.of(
        "#/",
        "#/people",
        "#/models",
        "#/playground",
        "#/" + fresh + "/photos",
        "#/" + fresh + "/train",
        "#/" + person + "/shoot",
        "#/" + person + "/choose",
        "#/" + person + "/edit/1",
        "#/" + person + "/export")) {
      Set<String> english = texts(page, "English");
      Set<String> german = texts(page, "Deutsch");
      assertTrue(german.size() > 10, page + " is shown: " + german);
      german.retainAll(english);
      german.removeAll(SAME);
      german.forEach(text -> left.add(page.replaceAll("[0-9a-f]{32}", "person") + ": " + text));
    }
    assertEquals(Set.of(), left);
  }

  private Set<String> texts(String page, String language) {
    browser.go(page);
    browser.await("#language").sendKeys(language);
    browser.await("main h1");
    // What a page loads has come when its texts stay the same.
    Set<String> before = Set.of();
    for (int i = 0; i < 40; i++) {
      Set<String> now = texts();
      if (!now.isEmpty() && now.equals(before) && i > 5) {
        return now;
      }
      before = now;
      sleep();
    }
    return before;
  }

  private Set<String> texts() {
    Set<String> texts = new TreeSet<>();
    ((List<?>) browser.driver().executeScript(TEXTS)).forEach(text -> texts.add((String) text));
    return texts;
  }

  private static void sleep() {
    try {
      Thread.sleep(200);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new AssertionError(e);
    }
  }

  @Test
  void translatesARefusalOfTheServer() throws IOException {
    String person = studio.addShot(1);
    browser.go(studio.address());
    browser.await(".drop");
    browser.await("#language").sendKeys("Deutsch");
    browser.go("#/" + person + "/export");
    browser.await("#make");
    browser
        .driver()
        .executeScript("const label = document.querySelector('input[maxlength]');"
            + "label.maxLength = 999; label.value = 'x'.repeat(80);"
            + "label.dispatchEvent(new InputEvent('input', {bubbles: true}));");
    browser.click("#make");
    assertTrue(
        browser
            .await(".bar")
            .getText()
            .startsWith("Die Beschriftung hat mehr als 60 Zeichen; geben Sie eine kürzere"),
        () -> browser.await(".bar").getText());
  }
}
