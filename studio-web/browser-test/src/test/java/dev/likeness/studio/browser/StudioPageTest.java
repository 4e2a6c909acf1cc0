package dev.likeness.studio.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** The page, from selfies to a file, by mouse and by keyboard alone. */
class StudioPageTest {
  private static final int MOST_CLICKS = 6;
  private static final int MOST_JAVASCRIPT = 250_000;

  @TempDir
  private Path folder;

  private Browser browser;
  private OpenStudio studio;

  @BeforeEach
  void open() {
    browser = Browser.open();
    studio = OpenStudio.onPortrait(folder);
  }

  @AfterEach
  void close() {
    if (studio != null) {
      studio.close();
      browser.close();
    }
  }

  @Test
  void leadsToTheFirstHeadshotInSixClicksByMouse() throws IOException {
    browser.go(studio.address().toString());
    browser.await(".drop");
    assertTrue(browser.driver().getCurrentUrl().endsWith("/"), "the token left the address");
    browser.shoot("1-start");
    browser.drop(OpenStudio.samples());
    browser.await("#agree");
    browser.shoot("2-consent");
    browser.click("#kind-sample");
    browser.click("#agree");
    browser.await("#next");
    browser.shoot("3-photos");
    browser.await("#language").sendKeys("Deutsch");
    Browser.await(
        () -> browser.await(".advice").getText().contains("von zehn haben eine ähnliche"),
        "the advice of the library in German");
    assertTrue(browser.await(".reason").getText().startsWith("Es wurden keine offenen Augen"));
    browser.shoot("3-photos-german");
    browser.await("#language").sendKeys("English");
    browser.click("#next");
    browser.await("#start-training");
    browser.shoot("4-train");
    browser.click("#start-training");
    Browser.await(() -> browser.find("#next").isPresent(), "the end of the training");
    browser.shoot("5-trained");
    browser.click("#next");
    browser.await("#generate");
    browser.shoot("6-shoot");
    browser.click("#generate");
    browser.await("[data-image] img");
    assertTrue(browser.clicks() <= MOST_CLICKS, browser.clicks() + " clicks");

    Browser.await(() -> browser.find(".verdict").isPresent(), "the images are checked");
    browser.shoot("7-choose");
    browser.click("[data-image] .tools button:nth-child(3)");
    browser.await("dialog[open]");
    browser.shoot("8-zoom");
    browser.click("dialog button");
    browser.click("[data-image] .tools button:nth-child(1)");
    browser.await(".image.keep");
    browser.click("#next");
    browser.await("#make");
    browser.click("#make");
    browser.await("#download");
    browser.shoot("9-export");
    Path file = browser.download("#download", folder);
    assertTrue(Files.size(file) > 10_000, "the headshot is saved");
    assertEquals(
        3,
        browser
                .driver()
                .findElements(org.openqa.selenium.By.cssSelector(".file .good"))
                .size()
            + browser
                .driver()
                .findElements(org.openqa.selenium.By.cssSelector(".file .bad"))
                .size());
    browser.click("footer summary");
    browser.click("footer [id^='erase-']");
    browser.click("footer [id^='erase-now-']");
    browser.await("a[download='erasure-receipt.json']");
    assertEquals(0, studio.store.subjects().size());
    browser.requireNoErrors();
  }

  @Test
  void bringsLittleJavaScriptAndPaintsSoon() {
    browser.go(studio.address());
    browser.await(".drop");
    double paint = ((Number) browser
            .driver()
            .executeScript(
                "return performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        .doubleValue();
    List<?> scripts = (List<?>) browser
        .driver()
        .executeScript("return performance.getEntriesByType('resource')"
            + ".map(entry => new URL(entry.name).pathname).filter(path => path.endsWith('.js'))");
    int bytes = scripts.stream()
        .mapToInt(path -> compressed(studio.bytes(String.valueOf(path))))
        .sum();
    System.out.printf(
        Locale.ROOT,
        "first contentful paint after %.0f ms; %d scripts, %.1f kB compressed%n",
        paint,
        scripts.size(),
        bytes / 1000.0);
    assertTrue(scripts.size() > 10, scripts::toString);
    assertTrue(bytes < MOST_JAVASCRIPT, bytes + " bytes of JavaScript");
  }

  private static int compressed(byte[] script) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bytes)) {
      out.write(script);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.size();
  }

  @Test
  void leadsToAFileByKeyboardAlone() {
    browser.go(studio.address().toString());
    browser.await(".drop");
    browser.tabTo("choose-photos");
    browser.drop(OpenStudio.samples().subList(0, 3));
    browser.await("#agree");
    browser.tabTo("name");
    browser.press("Ada <b>Example</b>");
    browser.tabTo("agree");
    browser.press(Keys.ENTER);
    browser.await("#next");
    browser.tabTo("next");
    browser.press(Keys.ENTER);
    browser.tabTo("start-training");
    browser.press(Keys.ENTER);
    Browser.await(() -> browser.find("#next").isPresent(), "the end of the training");
    browser.tabTo("next");
    browser.press(Keys.ENTER);
    browser.tabTo("generate");
    browser.press(Keys.ENTER);
    browser.await("[data-image]");
    for (int i = 0;
        i < 100 && browser.driver().switchTo().activeElement().getAttribute("data-image") == null;
        i++) {
      browser.press(Keys.TAB);
    }
    browser.press("k");
    browser.await(".image.keep");
    browser.press("z");
    browser.await("dialog[open]");
    browser.press(Keys.ESCAPE);
    Browser.await(() -> browser.find("dialog[open]").isEmpty(), "the dialog is closed");
    browser.tabTo("next");
    browser.press(Keys.ENTER);
    browser.tabTo("make");
    browser.press(Keys.ENTER);
    browser.await("#download");
    assertTrue(
        browser.await("footer b").getText().contains("Ada <b>Example</b>"),
        "HTML in a name is shown as text");
  }
}
