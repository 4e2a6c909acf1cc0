package dev.likeness.studio.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;

/** Two browsers on one studio, and a tab that is closed while a job runs. */
class TwoBrowsersPageTest {
  @TempDir
  private Path folder;

  @Test
  void useTwoPeopleAtOnceAndAClosedTabLosesNothing() throws IOException {
    try (Browser two = Browser.open();
        OpenStudio studio = OpenStudio.onPortrait(folder)) {
      String one = studio.addSample(2);
      String other = studio.addSample(3);
      try (Browser closed = Browser.open()) {
        closed.go(studio.address());
        closed.go("#/" + one + "/train");
        closed.click("#start-training");
        Browser.await(() -> isBusy(studio, one), "the training of the first person");
      }
      two.go(studio.address());
      two.go("#/" + other + "/train");
      two.click("#start-training");
      two.await("#next");
      two.click("#next");
      two.click("#generate");
      two.await("[data-image] img");

      Browser.await(
          () -> Boolean.TRUE.equals(studio.get("/api/people/" + one).get("trained")),
          "the training whose tab was closed");
      try (Browser again = Browser.open()) {
        again.go(studio.address());
        again.click(".people a[href^='#/" + one + "']");
        again.await("#generate");
        again.go("#/" + one + "/choose");
        again.await("main .note");
        assertEquals(
            0,
            again.driver().findElements(By.cssSelector("[data-image]")).size(),
            "the headshots of the other person are not shown here");
      }
      two.requireNoErrors();
    }
  }

  private static boolean isBusy(OpenStudio studio, String person) {
    Map<String, Object> training = studio.get("/api/people/" + person + "/training");
    return !"none".equals(training.get("state")) || Boolean.TRUE.equals(training.get("trained"));
  }
}
