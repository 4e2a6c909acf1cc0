package dev.likeness.studio.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.interactions.Actions;

/** Edits of a headshot, and the people of the store, by mouse and by keyboard alone. */
class PeopleAndEditsPageTest {
  @TempDir
  private Path folder;

  private Browser browser;
  private OpenStudio studio;
  private String person;

  @BeforeEach
  void open() throws IOException {
    browser = Browser.open();
    studio = OpenStudio.onPortrait(folder);
    person = studio.addShot(1);
    studio.post("/api/people", Map.of("agreed", true, "name", "Ada <i>Example</i>"));
  }

  @AfterEach
  void close() {
    if (studio != null) {
      studio.close();
      browser.close();
    }
  }

  private List<?> versions() {
    Map<String, Object> edits = studio.get("/api/people/" + person + "/images/1/edits");
    assertNotEquals("failed", edits.get("state"), edits::toString);
    return (List<?>) edits.get("versions");
  }

  private void awaitVersions(int count) {
    Browser.await(
        () -> versions().size() == count && browser.find("#start-edit").isPresent(),
        count + " versions");
  }

  /** Returns the share of the shown image whose colour an edit changed, read from the page. */
  private double changed(int version) {
    return ((Number) browser
            .driver()
            .executeAsyncScript(
                "const [image, version, done] = arguments;"
                    + "const pixels = async n => { const i = new Image(); i.src = image + n; await i.decode();"
                    + "  const c = new OffscreenCanvas(i.width, i.height).getContext('2d');"
                    + "  c.drawImage(i, 0, 0); return c.getImageData(0, 0, i.width, i.height).data; };"
                    + "Promise.all([pixels(version - 1), pixels(version)]).then(([a, b]) =>"
                    + "  done(a.filter((v, i) => Math.abs(v - b[i]) > 8).length / a.length));",
                "/api/people/" + person + "/images/1?version=",
                version))
        .doubleValue();
  }

  @Test
  void editsAndErasesByMouse() throws IOException {
    browser.go(studio.address());
    browser.click("#page-people");
    browser.await("[data-person='" + person + "'] dl");
    assertTrue(
        browser.await("main").getText().contains("Ada <i>Example</i>"),
        "HTML in a name is shown as text");
    browser.shoot("10-people");
    browser.click("[data-person='" + person + "'] h2 a");
    browser.await("#generate");
    browser.click(".steps a[href$='/edit']");
    browser.await("#words-backdrop").sendKeys("a plain red wall");
    browser.shoot("11-edit");
    browser.click("#start-edit");
    awaitVersions(1);
    WebElement slider = browser.await("#share");
    new Actions(browser.driver()).moveToElement(slider, 60, 0).click().perform();
    Browser.await(
        () -> !browser.await(".slider .line").getAttribute("style").contains("50%"),
        "the slider moves");
    browser.shoot("12-edited");
    assertTrue(changed(1) > 0.01);

    browser.click("#paint");
    WebElement canvas = browser.await(".brush canvas");
    int side = canvas.getSize().width;
    new Actions(browser.driver())
        .moveToElement(canvas, -side / 4, -side / 4)
        .clickAndHold()
        .moveByOffset(side / 2, 0)
        .moveByOffset(0, side / 8)
        .release()
        .perform();
    browser.shoot("13-paint");
    browser.await("#mask-words").sendKeys("dark hair");
    browser.click("#start-edit");
    awaitVersions(2);
    double share = changed(2);
    assertTrue(share > 0.001 && share < 0.6, "only the painted region changes: " + share);
    Browser.await(() -> browser.find("#undo").isPresent(), "the edit has ended on the page");
    browser.click("#undo");
    awaitVersions(1);
    browser.await("#share");
    browser.click("#undo");
    awaitVersions(0);
    browser.await("img.whole");

    browser.click("#page-people");
    browser.click("[data-person='" + person + "'] summary");
    browser.click("#erase-" + person);
    browser.shoot("14-erase");
    browser.click("#erase-now-" + person);
    browser.await("a[download='erasure-receipt.json']");
    browser.shoot("15-receipt");
    assertEquals(1, studio.store.subjects().size(), "the other person stays");
    Path receipt = browser.download("a[download='erasure-receipt.json']", folder);
    String text = Files.readString(receipt);
    assertTrue(text.contains("\"signature\""), text);
    browser.click("a.button[href='#/']");
    browser.await(".drop");
    browser.requireNoErrors();
  }

  @Test
  void editsAndErasesByKeyboardAlone() {
    browser.go(studio.address());
    browser.tabTo("page-people");
    browser.press(Keys.ENTER);
    browser.tabToElement("[data-person='" + person + "'] h2 a");
    browser.press(Keys.ENTER);
    browser.tabToElement(".steps a[href$='/edit']");
    browser.press(Keys.ENTER);
    browser.tabTo("words-light");
    browser.press("dim light from the left");
    browser.press(Keys.ENTER);
    awaitVersions(1);
    browser.tabTo("share");
    browser.press(Keys.chord(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT));
    assertEquals("52", browser.await("#share").getAttribute("value"));
    browser.tabTo("paint");
    browser.press(Keys.SPACE);
    browser.tabTo("fill");
    browser.press(Keys.ENTER);
    browser.tabTo("mask-words");
    browser.press("a dark suit");
    browser.tabTo("start-edit");
    browser.press(Keys.ENTER);
    awaitVersions(2);
    browser.tabTo("undo");
    browser.press(Keys.ENTER);
    awaitVersions(1);

    browser.tabTo("page-people");
    browser.press(Keys.ENTER);
    browser.tabToElement("[data-person='" + person + "'] summary");
    browser.press(Keys.ENTER);
    browser.tabTo("erase-" + person);
    browser.press(Keys.ENTER);
    Browser.await(
        () -> browser.hasFocus("[role=alertdialog] button:last-child"),
        "the harmless answer has the focus");
    browser.press(Keys.ENTER);
    Browser.await(() -> browser.hasFocus("#erase-" + person), "the focus returns");
    assertEquals(2, studio.store.subjects().size(), "nothing was erased");
    browser.press(Keys.ENTER);
    browser.tabTo("erase-now-" + person);
    browser.press(Keys.ENTER);
    browser.await("a[download='erasure-receipt.json']");
    assertEquals("h1", browser.driver().switchTo().activeElement().getTagName());
    assertEquals(1, studio.store.subjects().size());
    browser.requireNoErrors();
  }

  @Test
  void saysThatAnEditWasStoppedBetweenItsSteps() {
    browser.go(studio.address());
    browser.go("#/" + person + "/edit");
    browser.await("#words-outfit").sendKeys("a green coat");
    browser.click("#start-edit");
    browser.click("#stop-edit");
    browser.await("#resume-edit");
    browser.click("#resume-edit");
    awaitVersions(1);
    browser.await("#share");
  }
}
