package dev.likeness.studio.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.studio.LikenessStudio;
import dev.likeness.studio.StudioOptions;
import dev.likeness.vault.SubjectStore;
import dev.likeness.vault.key.WrappingKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** The page, from selfies to a file, by mouse and by keyboard alone. */
class StudioPageTest {
  private static final Path SAMPLES = Path.of("../../examples/photos/person-5000000002");
  private static final int MOST_CLICKS = 6;

  @TempDir
  private Path folder;

  private Browser browser;
  private SubjectStore store;
  private LikenessStudio studio;

  @BeforeEach
  void open() {
    browser = Browser.open();
    store = SubjectStore.open(
        folder.resolve("store"), WrappingKey.createFile(folder.resolve("store.key")));
    studio = LikenessStudio.start(
        () -> BaseModel.open(PortraitModel.files(), Compute.of("cpu", "f32")),
        store,
        StudioOptions.defaults().trainingSteps(4).samplePhotos(photo -> true));
  }

  @AfterEach
  void close() {
    if (studio != null) {
      studio.close();
      store.close();
      browser.close();
    }
  }

  private static List<Path> samples() {
    try (Stream<Path> files = Files.list(SAMPLES)) {
      return files.sorted().toList();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void leadsToTheFirstHeadshotInSixClicksByMouse() {
    browser.go(studio.address().toString());
    browser.await(".drop");
    assertTrue(browser.driver().getCurrentUrl().endsWith("/"), "the token left the address");
    browser.shoot("1-start");
    browser.drop(samples());
    browser.await("#agree");
    browser.shoot("2-consent");
    browser.click("#kind-sample");
    browser.click("#agree");
    browser.await("#next");
    browser.shoot("3-photos");
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
    browser.click("#erase");
    browser.click("#erase-now");
    browser.await("a[download='erasure-receipt.json']");
    assertEquals(0, store.subjects().size());
    assertEquals(
        List.of(),
        browser.driver().manage().logs().get("browser").getAll().stream()
            .map(Object::toString)
            .filter(line -> line.contains("SEVERE") && !line.contains("404"))
            .toList(),
        "the console of the browser has no errors");
  }

  @Test
  void leadsToAFileByKeyboardAlone() {
    browser.go(studio.address().toString());
    browser.await(".drop");
    browser.tabTo("choose-photos");
    browser.drop(samples().subList(0, 3));
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
