package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.provenance.Provenance;
import dev.likeness.provenance.signing.TrustAnchors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;

/** The files of the page. */
class PageTest {
  /** The files as their projects publish them; see vendor/README.md. */
  private static final Map<String, String> VENDORED = Map.of(
      "vendor/preact.module.js",
      "c30e721ebfdc6e2ad4c18c14d2dfb82667829c8aec27de1207774e3fc16858a8",
      "vendor/htm.module.js",
      "ab33dd3f38059b9be4d5f5350128eefb2356639c4e0bbe9d9e8b3ba75847e9e4");

  private static final Pattern KEY = Pattern.compile("(?m)^  '([a-zA-Z.-]+)':");
  private static final Pattern USE = Pattern.compile("\\bt\\('([a-zA-Z.]+)'");
  private static final Pattern VALUE = Pattern.compile("\\{([a-zA-Z]+)\\}");

  @Test
  void bringsTheLibrariesUnchanged() throws Exception {
    for (Map.Entry<String, String> file : VENDORED.entrySet()) {
      byte[] content = Page.find(file.getKey()).orElseThrow().content();
      assertEquals(
          file.getValue(),
          HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content)));
    }
  }

  @Test
  void hasEveryTextInEnglishAndGerman() {
    Map<String, String> english = texts("words.js");
    Map<String, String> german = texts("words-de.js");
    assertEquals(english.keySet(), german.keySet());
    english.forEach(
        (key, text) -> assertEquals(values(text), values(german.get(key)), "the values in " + key));
  }

  @Test
  void hasGermanForEveryReasonAndAdviceOfPhotos() throws IOException {
    String german = text("library-de.js");
    for (ReasonCode code : ReasonCode.values()) {
      assertTrue(
          Pattern.compile("(?m)^  '?" + code.id() + "'?: '").matcher(german).find(), code.id());
    }
    Path source = Path.of("../identity-photos/src/main/java/dev/likeness/photos/SetAdvice.java");
    Matcher sentence = Pattern.compile("\"([^\"\n]*;[^\"\n]*)\"").matcher(Files.readString(source));
    int sentences = 0;
    while (sentence.find()) {
      if (sentence.group(1).contains("YuNet")) {
        continue; // Advice for the person who starts the studio, not for the page.
      }
      String key =
          sentence.group(1).replaceAll("photo%s", "photo").replace("%s", "#").strip();
      assertTrue(german.replace("\\'", "'").contains(key), key);
      sentences++;
    }
    assertTrue(sentences > 10, "the sentences are found: " + sentences);
  }

  @Test
  void usesOnlyTextsOfTheCatalogue() {
    Set<String> known = texts("words.js").keySet();
    Set<String> unknown = new TreeSet<>();
    for (String name : Page.names()) {
      if (name.endsWith(".js") && !name.startsWith("vendor/")) {
        USE.matcher(text(name))
            .results()
            .map(found -> found.group(1))
            .filter(key -> !known.contains(key))
            .forEach(unknown::add);
      }
    }
    assertEquals(Set.of(), unknown);
  }

  @Test
  void isSmall() throws IOException {
    int bytes = 0;
    for (String name : Page.names()) {
      if (name.endsWith(".js")) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(packed)) {
          gzip.write(Page.find(name).orElseThrow().content());
        }
        bytes += packed.size();
      }
    }
    int size = bytes;
    assertTrue(size < 250_000, () -> "JavaScript has " + size + " compressed bytes");
  }

  @Test
  void hasAThumbnailOfEveryStyleAndSaysThatItIsGenerated() {
    byte[] file = Page.find("styles.jpg").orElseThrow().content();
    RgbImage sheet = RgbImage.read("styles.jpg", file);
    Matcher size =
        Pattern.compile("SHEET = \\{across: ([0-9]+), down: ([0-9]+)\\}").matcher(text("shoot.js"));
    assertTrue(size.find());
    int across = Integer.parseInt(size.group(1));
    int down = Integer.parseInt(size.group(2));
    assertEquals(sheet.width() / across, sheet.height() / down, "thumbnails are square");
    assertEquals(
        down,
        (Style.all().size() + across - 1) / across,
        "the styles changed; run tools/style_thumbnails.jsh");
    assertTrue(Provenance.inspect("styles.jpg", file, TrustAnchors.NONE).isDisclosed());
    assertTrue(file.length < 150_000, file.length + " bytes");
  }

  @Test
  void findsNothingElseOfTheClassPath() {
    for (String name : List.of(
        "",
        "../page/app.js",
        "vendor/preact.LICENSE",
        "/page/app.js",
        "app.js/",
        "Page.class",
        "vendor/../app.js")) {
      assertTrue(Page.find(name).isEmpty(), name);
    }
  }

  private static String text(String name) {
    return new String(Page.find(name).orElseThrow().content(), StandardCharsets.UTF_8);
  }

  /** The keys of a catalogue, each with the source of its text. */
  private static Map<String, String> texts(String name) {
    String source = text(name);
    List<MatchResult> keys = KEY.matcher(source).results().toList();
    return java.util.stream.IntStream.range(0, keys.size())
        .boxed()
        .collect(Collectors.toMap(
            i -> keys.get(i).group(1),
            i -> source.substring(
                keys.get(i).end(),
                i + 1 < keys.size()
                    ? keys.get(i + 1).start()
                    : source.indexOf("};", keys.get(i).end()))));
  }

  private static Set<String> values(String text) {
    return VALUE
        .matcher(text)
        .results()
        .map(found -> found.group(1))
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
