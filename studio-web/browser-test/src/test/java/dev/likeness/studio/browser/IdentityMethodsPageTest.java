package dev.likeness.studio.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.cli.TinyIdentityMethod;
import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.IdentityFiles;
import dev.likeness.studio.StudioOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.Keys;

/** Each identity method in the page, with tiny files: its cost, encoded photos, a headshot. */
class IdentityMethodsPageTest {
  @TempDir
  private Path folder;

  @ParameterizedTest
  @CsvSource({
    "instantid, sdxl/xl-base, InstantID, true",
    "photomaker-v2, sdxl/xl-base, PhotoMaker, false",
    "pulid-flux, flux/dev, PuLID, false",
    "infiniteyou, flux/dev, InfiniteYou, true"
  })
  void leadsFromPhotosToAHeadshot(String method, String family, String title, boolean hasPoses)
      throws IOException {
    Path path = PipelineFolder.any(family, folder);
    IdentityFiles files;
    try (BaseModel base = BaseModel.open(path, Compute.of("cpu", "f32"))) {
      files = IdentityFiles.findIn(TinyIdentityMethod.write(method, base, folder));
    }
    StudioOptions.AdapterFiles given = new StudioOptions.AdapterFiles(
        files.adapter().path(),
        files.imageEncoder(),
        files.faceEmbedder(),
        files.adapter().faceParser(),
        files.controlNet());
    String name = given.adapter().getFileName().toString();
    try (Browser browser = Browser.open();
        OpenStudio studio =
            OpenStudio.on(path, folder, StudioOptions.defaults().adapters(List.of(given)))) {
      String person = studio.addSample(2);
      browser.go(studio.address());
      browser.click(".people a[href^='#/" + person + "']");
      browser.click("#next");
      String choice = "[id='method-" + name + "']";
      browser.click(choice);
      String label = "label:has(" + choice + ")";
      Browser.await(
          () -> browser.await(label).getText().contains("measured on this machine")
              && !browser.await(label).getText().contains("being measured"),
          "the time of " + title);
      String cost = browser.await(label).getText();
      assertTrue(cost.contains(title) && cost.contains("of memory"), cost);
      browser.click("#start-training");
      browser.click("#next");
      browser.await("#generate");
      assertEquals(
          List.of("ipadapter"),
          ((List<?>) studio.get("/api/people/" + person).get("identities"))
              .stream().map(one -> ((Map<?, ?>) one).get("identity")).toList());
      assertEquals(hasPoses, browser.find("#pose").isPresent(), "poses of the head");
      if (hasPoses) {
        browser.await("#pose").sendKeys("slightly right");
      }
      browser.await("#count").sendKeys(Keys.chord(Keys.CONTROL, "a"), "1");
      // The button that stays at the foot of the page covers what is below it.
      browser
          .driver()
          .executeScript("document.querySelector('details').scrollIntoView({block: 'center'})");
      browser.click("details summary");
      browser.await("#steps").sendKeys(Keys.chord(Keys.CONTROL, "a"), "2");
      browser.click("#generate");
      browser.await("[data-image] img");
      Browser.await(() -> browser.find(".verdict").isPresent(), "the image is checked");
      assertTrue(browser.await("main").getText().contains("Nothing was trained"));
      Map<?, ?> shoot = (Map<?, ?>)
          ((List<?>) studio.get("/api/people/" + person + "/shoots").get("shoots")).get(0);
      assertEquals(hasPoses ? "slightly-right" : null, shoot.get("pose"));
      browser.requireNoErrors();
    }
  }
}
