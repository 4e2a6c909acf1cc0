package dev.likeness.studio.internal.http;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.catalogue.CatalogueModel;
import dev.likeness.diffusion.catalogue.ModelCatalogue;
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
import java.util.stream.Stream;
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

  private static final Pattern REFUSAL = Pattern.compile(
      "new (HttpFailure|IllegalStateException|IllegalArgumentException|UnknownResourceException"
          + "|InvalidInputException|ResourceLimitException)\\(");

  private static final Pattern LITERAL = Pattern.compile("\"((?:[^\"\\\\\n]|\\\\.)*)\"");

  /** Parts of these sources that stand on no page: mistakes of programs, and refused starts. */
  private static final Set<String> NOT_SHOWN = Set.of(
      "number of score cards",
      "number of headshots",
      "give one for each headshot",
      "headshots in the shoot",
      "kept by the selection",
      "give the shoot with the kept headshots",
      "cannot encode JSON in memory",
      "the jar of Likeness is damaged; download it again",
      "the studio cannot listen on",
      "choose another port, or end the program that uses it",
      "the studio's server does not stop");

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

  /** The words of reports, scores, styles, models and refusals, as the sources have them. */
  @Test
  void hasGermanForWhatReportsAndRefusalsSay() throws IOException {
    String known = joined(text("library-de.js")).replace("\\'", "'");
    Path headshots = Path.of("../headshots/src/main/java/dev/likeness/headshots");
    Set<String> unknown = new TreeSet<>();
    int texts = 0;
    for (String name : List.of(
        "report/ReportSentences.java",
        "report/Recommendation.java",
        "report/ShootSummary.java",
        "score/ScoreAspect.java")) {
      texts += unknown(Files.readString(headshots.resolve(name)), known, unknown);
    }
    assertTrue(texts > 110, "texts of reports: " + texts);
    int refusals = 0;
    Path studio = Path.of("src/main/java/dev/likeness/studio/internal");
    try (Stream<Path> sources = Files.walk(studio)) {
      for (Path source : sources.filter(Files::isRegularFile).toList()) {
        String text = Files.readString(source);
        Matcher thrown = REFUSAL.matcher(text);
        while (thrown.find()) {
          refusals += unknown(arguments(text, thrown.end()), known, unknown);
        }
      }
    }
    assertTrue(refusals > 90, "texts of refusals: " + refusals);
    for (Style style : Style.all()) {
      for (String words :
          List.of(style.title(), style.wardrobe().get(0), style.backdrops().get(0))) {
        if (!known.contains("'" + words + "':")) {
          unknown.add(words);
        }
      }
    }
    ModelCatalogue.builtIn().models().stream()
        .map(CatalogueModel::purpose)
        .filter(purpose -> !known.contains("'" + purpose + "':"))
        .forEach(unknown::add);
    assertEquals(Set.of(), unknown);
  }

  /** Looks for the literals of a source that readers see; returns how many there are. */
  private static int unknown(String source, String known, Set<String> unknown) {
    int texts = 0;
    Matcher literal = LITERAL.matcher(joined(source));
    while (literal.find()) {
      String text = literal.group(1).replace("\\\"", "\"");
      for (String part : text.split("%[.0-9]*[a-z]|(?<=[.!?]) (?=[A-Z])", -1)) {
        String words =
            part.replaceAll(" ?\\./likeness .*", "").strip().replaceAll("^[.:;, ]+|[.:;, ]+$", "");
        if (!words.matches("(?s).*[a-z]{2,}.*") || NOT_SHOWN.contains(words)) {
          continue;
        }
        texts++;
        if (!known.contains(words)) {
          unknown.add(words);
        }
      }
    }
    return texts;
  }

  /** Returns the arguments of a call that begin at a place. */
  private static String arguments(String source, int begin) {
    int depth = 1;
    boolean isText = false;
    int end = begin;
    while (depth > 0) {
      char c = source.charAt(end);
      if (isText && c == '\\') {
        end++;
      } else if (c == '"') {
        isText = !isText;
      } else if (!isText) {
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      }
      end++;
    }
    return source.substring(begin, end - 1);
  }

  /** Joins texts that a source breaks over lines. */
  private static String joined(String source) {
    return source.replaceAll("(['\"])\\s*\\+\\s*\\1", "");
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
