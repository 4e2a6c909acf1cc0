package dev.likeness.headshots.style;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.material.NamedPipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class StyleTest {
  private static final String OWN = """
      [
        {
          "name": "plain", "opening": "portrait",
          "wardrobe": ["a shirt", "a suit and tie"],
          "expressions": ["smiling", "serious"], "lights": ["soft light"], "backdrops": ["park", "brick wall"],
          "lens": "50mm lens", "guidance": 3
        }
      ]
      """;

  @Test
  void offersAtLeastTwoDozenAndBeginsWithTheDefaults() {
    assertTrue(Style.all().size() >= 24);
    assertEquals(
        List.of("studio", "office", "outdoor", "black-and-white"),
        Style.defaults().stream().map(Style::name).toList());
    assertEquals("Black and white", Style.named("Black-And-White").title());
  }

  @Test
  void suggestsStylesForAnUnknownName() {
    IllegalArgumentException wrong =
        assertThrows(IllegalArgumentException.class, () -> Style.named("noir"));
    assertEquals(
        "unknown style \"noir\"; closest: ceo, actor, colour; docs/reference/styles.md lists all",
        wrong.getMessage());
  }

  @Test
  void usesEveryCombinationBeforeItRepeatsOne(@TempDir Path folder) throws IOException {
    Style style = own(folder, OWN).get(0);
    assertEquals(
        "portrait of a man, wearing a shirt, smiling, soft light, park", style.prompt("a man", 0));
    assertEquals(
        "portrait of a man, wearing a suit and tie, serious, soft light, brick wall",
        style.prompt("a man", 1));
    Set<String> prompts = new HashSet<>();
    for (int i = 0; i < 4; i++) {
      prompts.add(style.prompt("a man", i));
    }
    assertEquals(4, prompts.size());
    assertEquals(
        "portrait of a man, wearing a shirt, smiling, soft light, park, 50mm lens",
        style.photographicPrompt("a man", 0));
    assertEquals(OptionalDouble.of(3), style.guidance());
  }

  @Test
  void reachesEveryCombinationAndLocksNoTwoListsToEachOther() {
    List<String> three = List.of("one", "two", "three");
    Style even = new Style(
        "even",
        "Even",
        "portrait",
        three,
        three,
        three,
        three,
        "",
        "",
        OptionalDouble.empty(),
        "square",
        List.of(),
        false);
    assertEquals(
        81,
        IntStream.range(0, 81).mapToObj(i -> even.prompt("a man", i)).distinct().count());
    assertEquals(even.prompt("a man", 5), even.prompt("a man", 81 + 5));
    for (Style style : Style.all()) {
      long all = Stream.of(style.wardrobe(), style.expressions(), style.lights(), style.backdrops())
          .mapToLong(texts -> texts.stream().distinct().count())
          .reduce(1, Math::multiplyExact);
      int period = style.wardrobe().size()
          * style.expressions().size()
          * style.lights().size()
          * style.backdrops().size();
      assertEquals(
          all,
          IntStream.range(0, period)
              .mapToObj(i -> style.prompt("a man", i))
              .distinct()
              .count(),
          style.name());
    }
    Style studio = Style.named("studio");
    // Of forty images: four lights with four backdrops, which used to come in four pairs.
    assertTrue(IntStream.range(0, 40)
            .mapToObj(i -> studio.prompt("a man", i))
            .map(prompt -> prompt.substring(prompt.lastIndexOf(", ", prompt.lastIndexOf(", ") - 1)))
            .distinct()
            .count()
        > 4);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"smiling\", \"serious\" | \"smiling\", 7 | line 5: expected a text for \"expressions\"",
        "\"soft light\" | '' | line 5: \"lights\" is empty; give at least one text",
        "a shirt | a straw hat | line 4: \"wardrobe\" has \"hat\"; a style must not describe or hide the person;"
            + " remove the word",
        "a shirt | a baseball cap | line 4: \"wardrobe\" has \"cap\"; a style must not describe or hide the"
            + " person; remove the word",
        "\"opening\": \"portrait\", | \"opening\": \"a very long and winding list of words about photographs\", |"
            + " line 2: the style plain has "
            + "an opening of more than 8 words; the person's words come after it and might be truncated; "
            + "move words to wardrobe, lights, backdrops or lens",
        "\"opening\": \"portrait\", | '' | line 2: this style has no \"opening\"",
        "\"lens\" | \"lense\" | line 6: unknown field \"lense\"; known: backdrops, bases, crop, expressions,"
            + " guidance, lens, lights, monochrome, name, negative, opening, title, wardrobe",
        "\"guidance\": 3 | \"crop\": \"9:1\" | line 6: the aspect ratio of a crop must be 1:4 to 4:1, got 9:1",
        "\"guidance\": 3 | \"bases\": [\"SD 9\"] | line 6: \"bases\" has \"SD 9\"; known: stable-diffusion,"
            + " stable-diffusion-3, flux, other, and the style_family in a base's likeness.json",
        "\"guidance\": 3 | \"monochrome\": 1 | line 6: monochrome must be true or false",
        "\"guidance\": 3 | \"guidance\": 0.5 | line 6: guidance must be a number from 1",
        "\"guidance\": 3 | \"guidance\": 1e999 | line 6: guidance must be a number from 1",
        "\"guidance\": 3 | \"lens\": \"85mm lens\" | line 6: this style has the field \"lens\" twice",
        "a suit and tie | a blazer\\nand a beard | line 4: \"wardrobe\" has \"beard\"; a style must not describe"
            + " or hide the person; remove the word",
        "\"smiling\", \"serious\" | \"a ponytail\" | line 5: \"expressions\" has \"ponytail\"; a style must not"
            + " describe or hide the person; remove the word",
        "\"smiling\", \"serious\" | \"a Buzz-cut\" | line 5: \"expressions\" has \"buzz-cut\"; a style must not"
            + " describe or hide the person; remove the word",
        "\"smiling\", \"serious\" | \"all in a bun\" | line 5: \"expressions\" has \"bun\"; a style must not"
            + " describe or hide the person; remove the word",
        "\"smiling\", \"serious\" | \"a goatee\" | line 5: \"expressions\" has \"goatee\"; a style must not"
            + " describe or hide the person; remove the word",
        "\"guidance\": 3 | \"negative\": \"blurry, Glasses\" | line 6: \"negative\" has \"glasses\"; a style must"
            + " not exclude the person's own looks; remove the word",
        "\"guidance\": 3 | \"negative\": \"gray hair\" | line 6: \"negative\" has \"hair\"; a style must not"
            + " exclude the person's own looks; remove the word",
        "\"guidance\": 3 | \"negative\": \"long beards\" | line 6: \"negative\" has \"long beards\"; a style must"
            + " not exclude the person's own looks; remove the word",
        "\"guidance\": 3 | \"negative\": \"a mole\" | line 6: \"negative\" has \"mole\"; a style must not exclude"
            + " the person's own looks; remove the word",
        "\"guidance\": 3 | \"negative\": \"headscarf\" | line 6: \"negative\" has \"headscarf\"; a style must not"
            + " exclude the person's own looks; remove the word",
        "a suit and tie | straw hats | line 4: \"wardrobe\" has \"hats\"; a style must not describe or hide the"
            + " person; remove the word",
        "a suit and tie | blond curls | line 4: \"wardrobe\" has \"blond\"; a style must not describe or hide the"
            + " person; remove the word"
      })
  void reportsTheLineAndReasonOfAnError(
      String good, String bad, String message, @TempDir Path folder) {
    InvalidInputException wrong =
        assertThrows(InvalidInputException.class, () -> own(folder, OWN.replace(good, bad)));
    assertEquals(folder.resolve("styles.json") + " " + message, wrong.getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[] | line 1: there is no style in the list",
        "[{\"name\": \"a\" | line 1: not JSON: Unexpected end-of-input: expected close marker for Object"
      })
  void reportsMissingFields(String json, String message, @TempDir Path folder) {
    InvalidInputException wrong =
        assertThrows(InvalidInputException.class, () -> own(folder, json));
    assertEquals(folder.resolve("styles.json") + " " + message, wrong.getMessage());
    assertEquals(
        folder.resolve("styles.json") + " line 9: expected nothing after the list of styles",
        assertThrows(InvalidInputException.class, () -> own(folder, OWN + "[]")).getMessage());
    Path none = folder.resolve("none.json");
    assertEquals(
        none + " does not exist; give a JSON file with a list of styles",
        assertThrows(InvalidInputException.class, () -> Style.read(none)).getMessage());
  }

  @Test
  void declaresItsBasesAndItsPrompt(@TempDir Path folder) throws IOException {
    Style style = own(
            folder,
            OWN.replace(
                "\"guidance\": 3", "\"bases\": [\"flux\", \"portrait\"], \"crop\": \"avatar\""))
        .get(0);
    assertEquals(List.of("flux", "portrait"), style.bases());
    assertEquals(
        "avatar, square, 4:5",
        style.crop() + ", " + Style.named("studio").crop() + ", "
            + Style.named("passport").crop());
    assertEquals(List.of(), Style.named("studio").bases());
  }

  @Test
  void acceptsAnyNameAndAnyNegativePromptWithoutPersonWords(@TempDir Path folder)
      throws IOException {
    Style style = own(
            folder,
            OWN.replace("\"guidance\": 3", "\"negative\": \"hat\"").replace("plain", "old-money"))
        .get(0);
    assertEquals("old-money, hat", style.name() + ", " + style.negative());
  }

  @Test
  void makesImagesBlackAndWhiteIfMonochrome(@TempDir Path folder) throws IOException {
    RgbImage red = RgbImage.of(1, 1, new byte[] {(byte) 200, 0, 0});
    Style style =
        own(folder, OWN.replace("\"guidance\": 3", "\"monochrome\": true")).get(0);
    assertArrayEquals(new byte[] {60, 60, 60}, style.convertColours(red).rgb());
    assertSame(red, Style.named("studio").convertColours(red));
    assertEquals(
        List.of("black-and-white", "author"),
        Style.all().stream().filter(Style::isMonochrome).map(Style::name).toList());
  }

  @Test
  void containsNoPersonWords() {
    Style.all().forEach(StyleVocabulary::validate);
    Style studio = Style.named("studio");
    Style hatted = studio.withWords(Map.of(Style.Part.OUTFIT, "a wool hat"));
    assertEquals(
        "the style studio: \"wardrobe\" has \"hat\"; a style must not describe or hide the person; remove the word",
        assertThrows(InvalidInputException.class, () -> StyleVocabulary.validate(hatted))
            .getMessage());
  }

  @Test
  void refusesEmptyPersonWords() {
    assertThrows(InvalidInputException.class, () -> Style.named("studio").prompt(" ", 0));
  }

  @Test
  void neverOpensAPipe(@TempDir Path folder) {
    Path pipe = NamedPipe.make(folder.resolve("styles.json"));
    InvalidInputException refused = assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> assertThrows(InvalidInputException.class, () -> Style.read(pipe)));
    assertEquals(
        pipe + " is a pipe, a device or another special file; give a regular file",
        refused.getMessage());
  }

  private static List<Style> own(Path folder, String json) throws IOException {
    Path file = folder.resolve("styles.json");
    Files.writeString(file, json);
    return Style.read(file);
  }
}
