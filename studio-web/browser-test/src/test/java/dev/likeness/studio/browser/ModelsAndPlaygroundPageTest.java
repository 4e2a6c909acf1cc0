package dev.likeness.studio.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.golden.PipelineFolder;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import dev.likeness.portrait.PortraitModel;
import dev.likeness.studio.ModelSource;
import dev.likeness.studio.StudioOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;

/** The pages of models and of the playground, by mouse and by keyboard alone. */
class ModelsAndPlaygroundPageTest {
  private static final String MODEL = "sdxl";
  private static final int PIECES = 8;

  @TempDir
  private Path folder;

  private final AtomicInteger fetched = new AtomicInteger();
  private Browser browser;
  private OpenStudio studio;

  @AfterEach
  void close() {
    if (studio != null) {
      studio.close();
    }
    if (browser != null) {
      browser.close();
    }
  }

  /** A folder that a download fills piece by piece, in place of a hub in the network. */
  private ModelSource fromFolder() {
    Path place = folder.resolve("models");
    return new ModelSource() {
      @Override
      public Optional<Path> find(CatalogueModel model) {
        return Optional.of(place.resolve(model.name())).filter(Files::exists);
      }

      @Override
      public Download plan(CatalogueModel model) {
        return new Download("hub.example", 7L << 30, 5L << 30, Optional.of("openrail++"));
      }

      @Override
      public void get(CatalogueModel model, Run run) {
        try {
          Path parts = Files.createDirectories(place.resolve("part-" + model.name()));
          for (int i = 1; i <= PIECES; i++) {
            run.throwIfCancelled();
            Path piece = parts.resolve(i + ".bin");
            if (Files.exists(piece)) {
              continue;
            }
            Files.write(piece, new byte[1 << 10]);
            fetched.incrementAndGet();
            run.progress().onEvent(new ProgressEvent.Step("download", i, PIECES));
            Thread.sleep(300);
          }
          Files.move(parts, place.resolve(model.name()));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      }
    };
  }

  @Test
  void getsAModelOnlyAfterItsSizeWasAskedFor() {
    browser = Browser.open();
    studio =
        OpenStudio.on(PortraitModel.files(), folder, StudioOptions.defaults().models(fromFolder()));
    browser.go(studio.address());
    browser.click("#page-models");
    browser.await("[data-model='" + MODEL + "']");
    browser.shoot("16-models");
    assertTrue(browser.find("#get-" + MODEL).isEmpty(), "nothing can be downloaded unasked");
    browser.click("#plan-" + MODEL);
    browser.click("#get-" + MODEL);
    browser.await("[data-model='" + MODEL + "'] progress");
    browser.click("#stop-" + MODEL);
    browser.click("#resume-" + MODEL);
    browser.await("[data-model='" + MODEL + "'] progress");
    browser.await("[data-model='" + MODEL + "'] .tag.good");
    assertEquals(PIECES, fetched.get(), "what had come was not downloaded again");
    browser.tabTo("role");
    browser.press("Acc");
    Browser.await(
        () -> browser.find("[data-model='" + MODEL + "']").isEmpty(), "another kind of models");
    browser.shoot("17-models-other");
    browser.requireNoErrors();
  }

  @Test
  void generatesWithWeightsOfALora() throws IOException {
    browser = Browser.open();
    Path lora = folder.resolve("red suit.safetensors");
    try (BaseModel base = BaseModel.open(PortraitModel.files(), Compute.of("cpu", "f32"));
        LoraPerson trained = new LoraTrainer(TrainingSettings.quick().steps(2))
            .train(
                base,
                List.of(RgbImage.read(OpenStudio.samples().get(0))),
                PersonToken.of("person"))) {
      trained.save(lora);
    }
    studio =
        OpenStudio.on(PortraitModel.files(), folder, StudioOptions.defaults().loras(List.of(lora)));
    browser.go(studio.address());
    browser.click("#page-playground");
    browser.await("#prompt").sendKeys("portrait of a woman");
    browser.await("svg.chart polyline");
    browser.shoot("18-playground");
    browser.await("#steps").sendKeys(Keys.chord(Keys.CONTROL, "a"), Keys.DELETE, "4");
    browser.await("[id='lora-red suit.safetensors']").sendKeys("1");
    browser.await("#axis").sendKeys("Weight");
    browser.await("#values").sendKeys("0, 3");
    browser.click("#play");
    awaitGrid(4);
    browser.shoot("19-grid");
    assertTrue(command().contains("--steps 4 "), "a field can be emptied and filled: " + command());
    assertNotEquals(pixels(1), pixels(3), "the weight of the LoRA changes the image");
    assertNotEquals(pixels(1), pixels(2), "the seed changes the image");
    copies("command", "--lora '" + lora + "@3'");
    copies("java", ".adapter(lora1.at(3))");
    browser.requireNoErrors();
  }

  @Test
  void generatesWithReferenceImagesByKeyboardAlone() throws Exception {
    browser = Browser.open();
    studio = OpenStudio.on(
        PipelineFolder.write("klein/base", folder).path(), folder, StudioOptions.defaults());
    browser.go(studio.address());
    browser.tabTo("page-playground");
    browser.press(Keys.ENTER);
    browser.tabTo("prompt");
    browser.press("a person in a red coat");
    browser.tabTo("steps");
    // Tab selects what is in the field.
    browser.press("2");
    browser.tabTo("play");
    browser.press(Keys.ENTER);
    awaitGrid(2);
    assertTrue(command().contains("--steps 2 "), this::command);
    String without = pixels(1);
    Path reference = folder.resolve("coat.png");
    RgbImage.read(OpenStudio.samples().get(0)).crop(64, 64, 64, 64).writePng(reference);
    browser.tabTo("add-references");
    browser.driver().findElement(By.id("add-references")).sendKeys(reference.toString());
    Browser.await(
        () -> Integer.valueOf(1).equals(studio.get("/api/playground").get("references")),
        "the reference image is here");
    Browser.await(() -> browser.find("#show-references:checked").isPresent(), "it is used");
    browser.shoot("20-references");
    browser.tabTo("play");
    browser.press(Keys.ENTER);
    Browser.await(
        () -> command().contains("--image coat.png"), "the command names the reference image");
    awaitGrid(2);
    assertNotEquals(without, pixels(1), "the base sees the reference image");
    browser.requireNoErrors();
  }

  @Test
  void continuesAGridThatWasStoppedBetweenItsSteps() {
    browser = Browser.open();
    studio = OpenStudio.onPortrait(folder);
    browser.go(studio.address());
    browser.go("#/playground");
    browser.await("#prompt").sendKeys("a man");
    browser.await("#steps").sendKeys(Keys.chord(Keys.CONTROL, "a"), "40");
    browser.click("#play");
    browser.await("main progress");
    Browser.await(
        () -> grid().get("step") instanceof Integer step && step > 2,
        "the first image is being generated");
    browser.click("#stop-grid");
    browser.await("#grid-stopped");
    Browser.await(() -> browser.await("#play").isEnabled(), "another grid can be started");
    browser.click("#resume-grid");
    awaitGrid(2);
    assertTrue(browser.find("#grid-stopped").isEmpty());
  }

  private Map<?, ?> grid() {
    return studio.get("/api/playground").get("grid") instanceof Map<?, ?> grid ? grid : Map.of();
  }

  private String command() {
    return String.valueOf(grid().get("command"));
  }

  private void awaitGrid(int images) {
    Browser.await(
        () -> {
          assertNotEquals("failed", grid().get("state"), grid()::toString);
          return "done".equals(grid().get("state"));
        },
        "the grid");
    Browser.await(
        () -> browser.driver().findElements(By.cssSelector(".seeds img")).size() == images
            && browser.await("#play").isEnabled(),
        images + " images on the page");
  }

  /** Returns the address of the pixels of an image of the grid, as the page decodes them. */
  private String pixels(int image) {
    return String.valueOf(browser
        .driver()
        .executeAsyncScript(
            "const [image, done] = arguments; const i = new Image();"
                + "i.src = `/api/playground/images/${image}?at=${Math.random()}`;"
                + "i.decode().then(() => { const c = document.createElement('canvas');"
                + "  c.width = i.width; c.height = i.height; c.getContext('2d').drawImage(i, 0, 0);"
                + "  done(c.toDataURL()); });",
            image));
  }

  /** Copies a text by its button and reads the clipboard. */
  private void copies(String kind, String part) {
    browser.grantClipboard();
    browser.click("#" + kind + " summary");
    browser.click("#copy-" + kind);
    Browser.await(() -> browser.find("#" + kind + " [role=status]").isPresent(), "it is copied");
    String copied = String.valueOf(browser
        .driver()
        .executeAsyncScript(
            "const done = arguments[0]; navigator.clipboard.readText().then(done, done)"));
    assertEquals(grid().get(kind), copied);
    assertTrue(copied.contains(part), copied);
  }
}
