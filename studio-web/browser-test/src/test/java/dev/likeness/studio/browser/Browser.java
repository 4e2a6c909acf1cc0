package dev.likeness.studio.browser;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;

/** Debian's Chromium, with what the tests of the page ask of it. */
final class Browser implements AutoCloseable {
  private static final long PATIENCE_NANOS = 240_000_000_000L;
  private static final List<Integer> WIDTHS = List.of(360, 390, 1280, 1920, 2560);
  private static final Optional<Path> SHOTS =
      Optional.ofNullable(System.getProperty("likeness.screenshots")).map(Path::of);

  private final ChromeDriver driver;
  private int clicks;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Opens a browser; skips the test with a message where there is none. */
  static Browser open() {
    Optional<File> chromium = find("likeness.chromium", "/usr/bin/chromium");
    assumeTrue(chromium.isPresent(), "Chromium is not installed, so the page is not tested");
    Optional<File> driver =
        find("likeness.chromedriver", "/usr/bin/chromedriver", "/usr/lib/chromium/chromedriver");
    assumeTrue(
        driver.isPresent(),
        "the driver of Chromium is not installed (Debian: chromium-driver), so the page is not"
            + " tested");
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.get());
    options.addArguments(
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--lang=en",
        "--hide-scrollbars",
        "--disable-background-networking",
        "--disable-component-update");
    return new Browser(new ChromeDriver(
        new ChromeDriverService.Builder()
            .usingDriverExecutable(driver.get())
            .usingAnyFreePort()
            .build(),
        options));
  }

  private static Optional<File> find(String property, String... usual) {
    String given = System.getProperty(property);
    return Stream.concat(Stream.ofNullable(given), Stream.of(usual))
        .map(File::new)
        .filter(File::canExecute)
        .findFirst();
  }

  ChromeDriver driver() {
    return driver;
  }

  int clicks() {
    return clicks;
  }

  /** Opens an address, or another page of the studio if it begins with a hash sign. */
  void go(String address) {
    if (address.startsWith("#")) {
      await("main");
      driver.executeScript("location.hash = arguments[0]", address);
    } else {
      driver.get(address);
    }
  }

  /** Waits for an element that is shown. */
  WebElement await(String selector) {
    await(() -> find(selector).isPresent(), selector);
    return find(selector).orElseThrow();
  }

  Optional<WebElement> find(String selector) {
    return driver.findElements(By.cssSelector(selector)).stream()
        .filter(WebElement::isDisplayed)
        .findFirst();
  }

  static void await(Supplier<Boolean> condition, String what) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (true) {
      try {
        if (condition.get()) {
          return;
        }
      } catch (org.openqa.selenium.StaleElementReferenceException redrawn) {
        // The page was drawn again meanwhile.
      }
      assertTrue(System.nanoTime() < end, () -> "waited too long for " + what);
      try {
        Thread.sleep(100);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new AssertionError(e);
      }
    }
  }

  /** Clicks as a person does, and counts it. */
  void click(String selector) {
    await(selector).click();
    clicks++;
  }

  /** Lets the page read the clipboard, so that a test can look at what was copied. */
  void grantClipboard() {
    driver.executeCdpCommand(
        "Browser.grantPermissions",
        Map.of("permissions", List.of("clipboardReadWrite", "clipboardSanitizedWrite")));
  }

  /** Clicks a link that saves a file, and returns the file in a folder. */
  Path download(String selector, Path folder) {
    driver.executeCdpCommand(
        "Browser.setDownloadBehavior",
        Map.of("behavior", "allow", "downloadPath", folder.toAbsolutePath().toString()));
    Path file = folder.resolve(await(selector).getAttribute("download"));
    click(selector);
    await(() -> Files.exists(file), file.getFileName().toString());
    return file;
  }

  /** Gives files to a zone, as dropping them does. */
  void drop(List<Path> files) {
    await(() -> !driver.findElements(By.id("choose-photos")).isEmpty(), "the zone for photos");
    driver
        .findElement(By.id("choose-photos"))
        .sendKeys(files.stream()
            .map(file -> file.toAbsolutePath().normalize().toString())
            .reduce((one, other) -> one + "\n" + other)
            .orElseThrow());
  }

  /** Presses Tab until the element with an id has the focus. */
  void tabTo(String id) {
    tabToElement("#" + id);
  }

  /** Presses Tab until an element has the focus. */
  void tabToElement(String selector) {
    await(selector);
    for (int i = 0; i < 250; i++) {
      if (hasFocus(selector)) {
        return;
      }
      press(Keys.TAB);
    }
    throw new AssertionError("Tab does not reach " + selector);
  }

  boolean hasFocus(String selector) {
    return Boolean.TRUE.equals(
        driver.executeScript("return document.activeElement.matches(arguments[0])", selector));
  }

  /** Refuses ids that stand twice on the page. */
  void requireUniqueIds() {
    assertEquals(
        List.of(),
        driver.executeScript("const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
            + "return ids.filter((id, at) => ids.indexOf(id) !== at)"),
        "ids are unique");
  }

  /** Refuses errors in the console, except answers for what was erased or is not open yet. */
  void requireNoErrors() {
    assertEquals(
        List.of(),
        driver.manage().logs().get("browser").getAll().stream()
            .map(Object::toString)
            .filter(line -> line.contains("SEVERE") && !line.matches(".*status of 4(04|09) .*"))
            .toList(),
        "the console of the browser has no errors");
  }

  void press(CharSequence keys) {
    new Actions(driver).sendKeys(keys).perform();
  }

  /** Refuses serious and critical findings of axe-core. */
  void requireAccessible(String page) {
    driver.executeScript(axe());
    @SuppressWarnings("unchecked")
    List<Map<String, Object>> found = (List<Map<String, Object>>)
        driver.executeAsyncScript("const done = arguments[arguments.length - 1];"
            + "axe.run(document).then(r => done(r.violations.map(v => ({id: v.id, impact: v.impact,"
            + " nodes: v.nodes.map(n => n.html).join(' ')}))));");
    List<Map<String, Object>> serious = found.stream()
        .filter(one -> List.of("serious", "critical").contains(String.valueOf(one.get("impact"))))
        .toList();
    assertEquals(List.of(), serious, page);
  }

  private static String axe() {
    try (InputStream in = Browser.class.getResourceAsStream("/axe.min.js")) {
      assertNotNull(in, "axe-core is on the class path");
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  /**
   * Checks a page at all widths, in light and dark: it does not scroll sideways, and axe-core finds
   * nothing serious. Writes screenshots if the property {@code likeness.screenshots} names a
   * folder.
   */
  void shoot(String page) {
    for (String scheme : List.of("light", "dark")) {
      driver.executeCdpCommand(
          "Emulation.setEmulatedMedia",
          Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
      for (int width : WIDTHS) {
        size(width);
        write(page + "-" + width + "-" + scheme + ".png");
        long wide = ((Number)
                driver.executeScript(
                    "return document.documentElement.scrollWidth - document.documentElement.clientWidth"))
            .longValue();
        assertEquals(0, wide, page + " at " + width + " pixels does not scroll sideways");
      }
      requireAccessible(page + " " + scheme);
      requireUniqueIds();
    }
    driver.executeCdpCommand("Emulation.setEmulatedMedia", Map.of("features", List.of()));
    size(1280);
  }

  private void size(int width) {
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", 900, "deviceScaleFactor", 1, "mobile", width < 500));
    long height = ((Number)
            driver.executeScript("return Math.min(6000, document.documentElement.scrollHeight)"))
        .longValue();
    driver.executeCdpCommand(
        "Emulation.setDeviceMetricsOverride",
        Map.of(
            "width",
            width,
            "height",
            Math.max(900, height),
            "deviceScaleFactor",
            1,
            "mobile",
            width < 500));
  }

  private void write(String name) {
    if (SHOTS.isEmpty()) {
      return;
    }
    try {
      // Images of the new width are decoded.
      Thread.sleep(300);
      Files.createDirectories(SHOTS.get());
      Files.write(SHOTS.get().resolve(name), driver.getScreenshotAs(OutputType.BYTES));
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    driver.quit();
  }
}
