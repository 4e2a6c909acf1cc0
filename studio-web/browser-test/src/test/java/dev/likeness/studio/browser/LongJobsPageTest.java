package dev.likeness.studio.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.portrait.PortraitModel;
import dev.likeness.studio.StudioOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;

/**
 * A training and a shoot are stopped on the page, and continue with what they had. Other pages'
 * tests stop and continue edits, downloads and grids.
 */
class LongJobsPageTest {
  private static final int STEPS = 60;
  /** One of each of the styles that the page chooses. */
  private static final int IMAGES = 4;

  @TempDir
  private Path folder;

  @Test
  void stopAndContinueWithWhatTheyHad() throws IOException {
    try (Browser browser = Browser.open();
        OpenStudio studio = OpenStudio.on(
            PortraitModel.files(), folder, StudioOptions.defaults().trainingSteps(STEPS))) {
      String person = "/api/people/" + studio.addSample(2);
      browser.go(studio.address());
      browser.click(".people a");
      browser.click("#next");
      browser.click("#start-training");
      Browser.await(() -> steps(studio, person).size() > 5, "steps of the training");
      browser.click("#pause");
      browser.await("#resume");
      assertEquals("paused", studio.get(person + "/training").get("state"));
      assertEquals(false, studio.get(person).get("trained"));
      browser.driver().navigate().refresh();
      browser.click("#resume");
      Browser.await(() -> !steps(studio, person).isEmpty(), "the training goes on");
      assertTrue(steps(studio, person).get(0) > 1, "it does not begin again");
      browser.click("#next");

      browser.await("#count").sendKeys(Keys.chord(Keys.CONTROL, "a"), "1");
      browser.click("#generate");
      browser.await("[data-image] img");
      browser.click("#pause");
      browser.await("#resume");
      Map<String, Object> stopped = shoot(studio, person);
      List<?> first = (List<?>) stopped.get("images");
      assertEquals("paused", stopped.get("state"));
      assertFalse(first.isEmpty() || first.size() == IMAGES, first::toString);
      browser.click("#resume");
      Browser.await(() -> "done".equals(shoot(studio, person).get("state")), "the shoot");
      List<?> all = (List<?>) shoot(studio, person).get("images");
      assertEquals(IMAGES, all.size());
      assertTrue(all.containsAll(first), "the images of before stay");
      Browser.await(
          () -> browser.driver().findElements(By.cssSelector("[data-image]")).size() == IMAGES,
          "all images on the page");
      browser.requireNoErrors();
    }
  }

  private static Map<String, Object> shoot(OpenStudio studio, String person) {
    Map<?, ?> newest = (Map<?, ?>) ((List<?>) studio.get(person + "/shoots").get("shoots")).get(0);
    return studio.get(person + "/shoots/" + newest.get("id"));
  }

  /** Returns the steps of the running training whose loss is known. */
  private static List<Integer> steps(OpenStudio studio, String person) {
    List<Integer> steps = new ArrayList<>();
    if (studio.get(person + "/training").get("losses") instanceof List<?> losses) {
      losses.forEach(loss -> steps.add((Integer) ((Map<?, ?>) loss).get("step")));
    }
    return steps;
  }
}
