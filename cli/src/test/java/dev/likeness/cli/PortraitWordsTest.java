package dev.likeness.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.internal.text.ClipTokenizer;
import dev.likeness.diffusion.request.PromptSyntax;
import dev.likeness.headshots.person.ProfileVocabulary;
import dev.likeness.headshots.style.Style;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The embedded model knows a closed list of words. */
class PortraitWordsTest {
  @TempDir
  private Path folder;

  @Test
  void namesTheWordsThatTheModelWasNotTrainedOn() {
    CommandResult run = CommandResult.of(
        "generate",
        "--prompt",
        "studio portrait of an astronaut on Mars",
        "--negative",
        "a hat",
        "--steps",
        "1",
        "--width",
        "64",
        "--height",
        "64",
        "--out",
        folder.toString());

    assertEquals(0, run.status(), run.err());
    String notice = "text_encoder was not trained on these words of the prompt: \"astronaut\","
        + " \"on\", \"mars\", \"hat\"; their effect is random, so use other words";
    assertEquals(1, run.err().split(notice, -1).length - 1, run.err());
  }

  @Test
  void theGuideCountsTheWords() throws IOException {
    Path config = PortraitModel.files().resolve("tokenizer/tokenizer_config.json");
    List<?> words = (List<?>) JSON.std.mapFrom(Files.readAllBytes(config)).get("known_words");
    String guide = Files.readString(Outside.ROOT.resolve("docs/guides/generate.md"));

    assertTrue(guide.contains(" was trained on " + words.size() + " words"), words.toString());
  }

  @Test
  void knowsTheWordsOfStylesAndProfiles() {
    Stream<String> styles = Style.all().stream()
        .flatMap(style -> IntStream.range(0, 12).mapToObj(i -> style.prompt("a woman", i)));
    Stream<String> profiles =
        ProfileVocabulary.attributes().stream().flatMap(attribute -> attribute.words().stream());
    try (ClipTokenizer tokenizer = ClipTokenizer.open(PortraitModel.files().resolve("tokenizer"))) {
      List<String> unknown = Stream.concat(styles, profiles)
          .flatMap(text -> tokenizer.unknownWords(text, PromptSyntax.PLAIN, List.of()).stream())
          .distinct()
          .toList();

      assertEquals(List.of(), unknown);
      assertTrue(Style.all().size() > 20);
    }
  }
}
